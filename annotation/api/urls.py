"""Addresses under /api/v1/."""

from django.urls import path

from annotation.api import (
    budget,
    items,
    jobs,
    projects,
    recruitment,
    withdrawals,
    work,
)

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
    path(
        "projects/<slug:slug>/item-changes/",
        items.ItemChanges.as_view(),
        name="api_item_changes",
    ),
    path(
        "projects/<slug:slug>/item-changes/<uuid:public_id>/undo/",
        items.UndoChange.as_view(),
        name="api_undo",
    ),
    path("projects/<slug:slug>/filters/", items.Filters.as_view(), name="api_filters"),
    path(
        "projects/<slug:slug>/filters/<uuid:public_id>/",
        items.OneFilter.as_view(),
        name="api_filter",
    ),
    path(
        "projects/<slug:slug>/recruitment/",
        recruitment.RecruitmentSettingsView.as_view(),
        name="api_recruitment",
    ),
    path(
        "projects/<slug:slug>/recruitment/links/",
        recruitment.RecruitmentLinks.as_view(),
        name="api_links",
    ),
    path(
        "projects/<slug:slug>/recruitment/links/<uuid:public_id>/revoke/",
        recruitment.RevokeLink.as_view(),
        name="api_revoke",
    ),
    path("projects/<slug:slug>/pay/", recruitment.PayLines.as_view(), name="api_pay"),
    path(
        "projects/<slug:slug>/pay/people.csv",
        recruitment.PayFile.as_view(),
        name="api_pay_file",
    ),
    path("projects/<slug:slug>/pay/paid/", recruitment.Paid.as_view(), name="api_paid"),
    path(
        "projects/<slug:slug>/pay/statuses/",
        recruitment.Statuses.as_view(),
        name="api_statuses",
    ),
    path(
        "projects/<slug:slug>/pay/withdrawn/<uuid:public_id>/",
        withdrawals.OwedAct.as_view(),
        name="api_owed_act",
    ),
    path(
        "projects/<slug:slug>/pay/<uuid:public_id>/",
        recruitment.PayAct.as_view(),
        name="api_pay_act",
    ),
    path(
        "projects/<slug:slug>/budget/", budget.BudgetView.as_view(), name="api_budget"
    ),
    path(
        "projects/<slug:slug>/budget/entries/",
        budget.BudgetEntries.as_view(),
        name="api_budget_entries",
    ),
    path(
        "projects/<slug:slug>/withdrawals/find/",
        withdrawals.WithdrawalsFind.as_view(),
        name="api_withdrawals_find",
    ),
    path(
        "projects/<slug:slug>/withdrawals/",
        withdrawals.Withdrawals.as_view(),
        name="api_withdrawals",
    ),
    path("jobs/<uuid:public_id>/", jobs.OneJob.as_view(), name="api_job"),
    path("jobs/<uuid:public_id>/cancel/", jobs.CancelJob.as_view(), name="api_cancel"),
    path("jobs/<uuid:public_id>/pause/", jobs.PauseJob.as_view(), name="api_pause"),
    path("jobs/<uuid:public_id>/resume/", jobs.ResumeJob.as_view(), name="api_resume"),
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
