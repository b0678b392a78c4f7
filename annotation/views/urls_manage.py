"""Addresses of the pages: manage."""

from django.urls import path

from annotation.views import (
    comments,
    disagreements,
    habits,
    import_survey,
    item_changes,
    item_gold,
    manage,
    manage_export,
    manage_import,
    manage_jobs,
    quotas,
    saved_filters,
)

urlpatterns = [
    path("p/<slug:slug>/", manage.dashboard, name="dashboard"),
    path("p/<slug:slug>/live/", manage.dashboard_live, name="dashboard_live"),
    path(
        "p/<slug:slug>/leases/<uuid:public_id>/reclaim/",
        manage.lease_reclaim,
        name="lease_reclaim",
    ),
    path(
        "p/<slug:slug>/flags/<uuid:public_id>/resolve/",
        manage.flag_resolve,
        name="flag_resolve",
    ),
    path("p/<slug:slug>/charts/<slug:name>.svg", manage.chart, name="chart"),
    path("p/<slug:slug>/quotas/", quotas.quotas, name="quotas"),
    path(
        "p/<slug:slug>/settings/quotas/",
        quotas.settings_quotas,
        name="settings_quotas",
    ),
    path("p/<slug:slug>/items/", manage.items, name="items"),
    path("p/<slug:slug>/items/<uuid:public_id>/", manage.item, name="item"),
    path(
        "p/<slug:slug>/items/<uuid:public_id>/gold/",
        item_gold.item_gold,
        name="item_gold",
    ),
    path(
        "p/<slug:slug>/items/<uuid:public_id>/gold/end/",
        item_gold.item_gold_end,
        name="item_gold_end",
    ),
    path("p/<slug:slug>/habits/", habits.habits, name="habits"),
    path(
        "p/<slug:slug>/habits/<uuid:public_id>/standing/",
        habits.standing,
        name="standing",
    ),
    path(
        "p/<slug:slug>/habits/<uuid:public_id>/qualify/",
        habits.qualify,
        name="qualify",
    ),
    path("p/<slug:slug>/items/change/", item_changes.item_change, name="item_change"),
    path(
        "p/<slug:slug>/jobs/<uuid:public_id>/undo/",
        item_changes.item_change_undo,
        name="item_change_undo",
    ),
    path("p/<slug:slug>/filters/", saved_filters.filter_save, name="filter_save"),
    path(
        "p/<slug:slug>/filters/<uuid:public_id>/",
        saved_filters.filter_change,
        name="filter_change",
    ),
    path(
        "p/<slug:slug>/disagreements/",
        disagreements.disagreements,
        name="disagreements",
    ),
    path(
        "p/<slug:slug>/disagreements/<uuid:public_id>/",
        disagreements.disagreement,
        name="disagreement",
    ),
    path(
        "p/<slug:slug>/items/<uuid:public_id>/adjudicate/",
        disagreements.adjudicate,
        name="adjudicate",
    ),
    path(
        "p/<slug:slug>/threads/<uuid:public_id>/reply/",
        comments.thread_reply,
        name="thread_reply",
    ),
    path(
        "p/<slug:slug>/threads/<uuid:public_id>/settle/",
        comments.thread_settle,
        name="thread_settle",
    ),
    path(
        "p/<slug:slug>/answers/<uuid:public_id>/talk/",
        comments.answer_talk,
        name="answer_talk",
    ),
    path(
        "p/<slug:slug>/leases/<uuid:public_id>/talk/",
        comments.lease_talk,
        name="lease_talk",
    ),
    path("p/<slug:slug>/jobs/", manage_jobs.jobs, name="jobs"),
    path("p/<slug:slug>/jobs/<uuid:public_id>/", manage_jobs.job, name="job"),
    path(
        "p/<slug:slug>/jobs/<uuid:public_id>/live/",
        manage_jobs.job_live,
        name="job_live",
    ),
    path(
        "p/<slug:slug>/jobs/<uuid:public_id>/cancel/",
        manage_jobs.job_cancel,
        name="job_cancel",
    ),
    path(
        "p/<slug:slug>/jobs/<uuid:public_id>/pause/",
        manage_jobs.job_pause,
        name="job_pause",
    ),
    path(
        "p/<slug:slug>/jobs/<uuid:public_id>/resume/",
        manage_jobs.job_resume,
        name="job_resume",
    ),
    path(
        "p/<slug:slug>/jobs/<uuid:public_id>/report/",
        manage_jobs.job_report,
        name="job_report",
    ),
    path(
        "p/<slug:slug>/jobs/<uuid:public_id>/download/",
        manage_jobs.job_download,
        name="job_download",
    ),
    path("p/<slug:slug>/import/", manage_import.import_new, name="import_new"),
    path(
        "p/<slug:slug>/import/check/", manage_import.import_check, name="import_check"
    ),
    path(
        "p/<slug:slug>/import/survey/",
        import_survey.import_survey,
        name="import_survey",
    ),
    path(
        "p/<slug:slug>/import/examples/<str:name>",
        manage_import.import_example,
        name="import_example",
    ),
    path("p/<slug:slug>/export/", manage_export.export_new, name="export_new"),
]
