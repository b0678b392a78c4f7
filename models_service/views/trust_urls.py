"""Addresses of how far machine annotators can be trusted, below /p/{slug}/models/."""

from django.urls import path

from models_service.views import trust

urlpatterns = [
    path("<uuid:public_id>/trust/", trust.trust, name="machine_trust"),
    path(
        "<uuid:public_id>/trust/refresh/",
        trust.trust_refresh,
        name="machine_trust_refresh",
    ),
    path(
        "<uuid:public_id>/trust/figures.csv",
        trust.trust_file,
        {"kind": "csv"},
        name="machine_trust_csv",
    ),
    path(
        "<uuid:public_id>/trust/figures.json",
        trust.trust_file,
        {"kind": "json"},
        name="machine_trust_json",
    ),
]
