"""Addresses of the pages: annotate."""

from django.urls import URLPattern, path

from annotation.views import annotate, change_answer, comments

urlpatterns: list[URLPattern] = [
    path("p/<slug:slug>/annotate/", annotate.annotate, name="annotate"),
    path("p/<slug:slug>/annotate/desk/", annotate.desk, name="desk"),
    path(
        "p/<slug:slug>/annotate/differences/",
        annotate.desk_differences,
        name="desk_differences",
    ),
    path(
        "p/<slug:slug>/annotate/feedback/",
        annotate.desk_feedback,
        name="desk_feedback",
    ),
    path(
        "p/<slug:slug>/annotate/revealed/",
        change_answer.desk_revealed,
        name="desk_revealed",
    ),
    path(
        "p/<slug:slug>/annotate/change/",
        change_answer.desk_change,
        name="desk_change",
    ),
    path("p/<slug:slug>/history/", annotate.history, name="history"),
    path(
        "p/<slug:slug>/history/<uuid:public_id>/",
        annotate.history_item,
        name="history_item",
    ),
    path(
        "p/<slug:slug>/history/<uuid:public_id>/comment/",
        comments.own_comment,
        name="own_comment",
    ),
    path("p/<slug:slug>/comments/", comments.own_threads, name="own_threads"),
    path(
        "p/<slug:slug>/comments/<uuid:public_id>/",
        comments.own_thread,
        name="own_thread",
    ),
    path(
        "p/<slug:slug>/history/<uuid:public_id>/change/",
        change_answer.change_answer,
        name="change_answer",
    ),
    path(
        "p/<slug:slug>/history/<uuid:public_id>/take-back/",
        annotate.take_back,
        name="take_back",
    ),
]
