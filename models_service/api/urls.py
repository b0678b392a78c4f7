"""Addresses below /api/v1/projects/{slug}/models/."""

from django.urls import include, path

from models_service.api import machines, verdicts

urlpatterns = [
    path("", include("models_service.api.trust_urls")),
    path("", machines.Machines.as_view(), name="api_machines"),
    path("runs/", machines.Runs.as_view(), name="api_runs"),
    path(
        "pre-annotations/",
        verdicts.PreAnnotations.as_view(),
        name="api_pre_annotations",
    ),
    path("<uuid:public_id>/", machines.OneMachine.as_view(), name="api_machine"),
    path(
        "<uuid:public_id>/archive/",
        machines.ArchiveMachine.as_view(),
        name="api_machine_archive",
    ),
    path(
        "<uuid:public_id>/check/",
        machines.CheckMachine.as_view(),
        name="api_machine_check",
    ),
    path(
        "<uuid:public_id>/forecast/",
        machines.RunForecast.as_view(),
        name="api_run_forecast",
    ),
    path(
        "<uuid:public_id>/runs/",
        machines.RunsOfMachine.as_view(),
        name="api_machine_runs",
    ),
]
