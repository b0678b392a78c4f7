"""The composition of all addresses."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("annotation.api.urls")),
    path("", include("annotation.views.urls_people")),
    path("", include("annotation.views.urls_manage")),
    path("", include("annotation.views.urls_annotate")),
]
