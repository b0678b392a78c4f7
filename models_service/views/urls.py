"""Addresses of the pages of machine annotators, below /p/{slug}/models/."""

from django.urls import include, path

from models_service.views import (
    checks,
    compare,
    machines,
    reward_model,
    runs,
    suggestions,
    verdicts,
)

urlpatterns = [
    path("", machines.machines, name="machines"),
    path("compare/", compare.compare, name="machines_compare"),
    path("suggestions/", suggestions.suggestions, name="suggestions"),
    path(
        "suggestions/refresh/",
        suggestions.suggestions_refresh,
        name="suggestions_refresh",
    ),
    path("new/", machines.machine_new, name="machine_new"),
    path("reward/", reward_model.reward, name="reward_model"),
    path("reward/train/", reward_model.reward_train, name="reward_train"),
    path("reward/send-back/", reward_model.reward_send_back, name="reward_send_back"),
    path("runs/<uuid:public_id>/", runs.run, name="run"),
    path("runs/<uuid:public_id>/live/", runs.run_live, name="run_live"),
    path("verdicts/<uuid:public_id>/", verdicts.calls, name="verdict_calls"),
    path("checks/<uuid:public_id>/", checks.check, name="machine_check"),
    path("<uuid:public_id>/check/", checks.check_start, name="check_start"),
    path("<uuid:public_id>/check/live/", checks.check_live, name="check_live"),
    path("<uuid:public_id>/", machines.machine, name="machine"),
    path("", include("models_service.views.trust_urls")),
    path("<uuid:public_id>/change/", machines.machine_change, name="machine_change"),
    path("<uuid:public_id>/archive/", machines.machine_archive, name="machine_archive"),
    path("<uuid:public_id>/run/", runs.run_start, name="run_start"),
    path("<uuid:public_id>/forecast/", runs.run_forecast, name="run_forecast"),
]
