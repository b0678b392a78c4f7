"""Addresses below /api/v1/projects/{slug}/models/."""

from django.urls import include, path

from models_service.api import (
    compare,
    items,
    machines,
    reward,
    runs,
    suggestions,
    verdicts,
)

urlpatterns = [
    path("", include("models_service.api.trust_urls")),
    path("", machines.Machines.as_view(), name="api_machines"),
    path("suggestions/", suggestions.Suggestions.as_view(), name="api_suggestions"),
    path(
        "suggestions/report/",
        suggestions.SuggestionsReport.as_view(),
        name="api_suggestions_report",
    ),
    path("runs/", machines.Runs.as_view(), name="api_runs"),
    path("runs/<uuid:public_id>/", runs.OneRun.as_view(), name="api_run"),
    path("compare/", compare.Compare.as_view(), name="api_machines_compare"),
    path("reward/", reward.Reward.as_view(), name="api_reward"),
    path(
        "reward/send-back/",
        reward.RewardSendBack.as_view(),
        name="api_reward_send_back",
    ),
    path(
        "items/<uuid:public_id>/",
        items.ItemVerdicts.as_view(),
        name="api_item_verdicts",
    ),
    path(
        "pre-annotations/",
        verdicts.PreAnnotations.as_view(),
        name="api_pre_annotations",
    ),
    path(
        "pre-annotations/<uuid:public_id>/",
        verdicts.OnePreAnnotation.as_view(),
        name="api_pre_annotation",
    ),
    path(
        "pre-annotations/<uuid:public_id>/calls/",
        verdicts.Calls.as_view(),
        name="api_verdict_calls",
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
