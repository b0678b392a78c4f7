"""Addresses under /api/v1/."""

from django.urls import path

from annotation.api import jobs, projects, work

urlpatterns = [
    path("projects/", projects.Projects.as_view(), name="api_projects"),
    path("projects/<slug:slug>/", projects.OneProject.as_view(), name="api_project"),
    path(
        "projects/<slug:slug>/questions/",
        projects.ProjectQuestions.as_view(),
        name="api_questions",
    ),
    path("projects/<slug:slug>/imports/", jobs.Imports.as_view(), name="api_imports"),
    path("projects/<slug:slug>/exports/", jobs.Exports.as_view(), name="api_exports"),
    path(
        "projects/<slug:slug>/annotations.jsonl",
        jobs.Annotations.as_view(),
        name="api_annotations",
    ),
    path("jobs/<uuid:public_id>/", jobs.OneJob.as_view(), name="api_job"),
    path("jobs/<uuid:public_id>/cancel/", jobs.CancelJob.as_view(), name="api_cancel"),
    path(
        "exports/<uuid:public_id>/download/",
        jobs.DownloadExport.as_view(),
        name="api_download",
    ),
    path(
        "projects/<slug:slug>/assignments/next/", work.next_assignment, name="api_next"
    ),
    path("assignments/<uuid:public_id>/", work.own_assignment, name="api_own"),
    path("assignments/<uuid:public_id>/open/", work.open_assignment, name="api_open"),
    path("assignments/<uuid:public_id>/heartbeat/", work.heartbeat, name="api_beat"),
    path("assignments/<uuid:public_id>/draft/", work.draft, name="api_draft"),
    path("assignments/<uuid:public_id>/submit/", work.submit, name="api_submit"),
    path("assignments/<uuid:public_id>/take-back/", work.take_back, name="api_back"),
    path("assignments/<uuid:public_id>/release/", work.release, name="api_release"),
    path("assignments/<uuid:public_id>/skip/", work.skip, name="api_skip"),
    path("assignments/<uuid:public_id>/comments/", work.comments, name="api_comments"),
    path("assignments/<uuid:public_id>/flag/", work.flag, name="api_flag"),
]
