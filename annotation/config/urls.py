"""The composition of all addresses."""

from csp.decorators import csp_update
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from annotation.api.work import nothing_here
from annotation.views import words
from annotation.views.health import health

# Swagger's page styles itself; no other page may.
swagger = csp_update({"style-src": ["'unsafe-inline'"]})(
    SpectacularSwaggerSplitView.as_view(url_name="schema")
)

urlpatterns = [
    path("health/", health, name="health"),
    path("words/<str:language>.js", words.script, name="words"),
    path("api/v1/", include("annotation.api.urls")),
    path("api/v1/projects/<slug:slug>/models/", include("models_service.api.urls")),
    path("api/v1/projects/<slug:slug>/routing/", include("routing.api.urls")),
    path("api/v1/<path:rest>", nothing_here),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", swagger, name="api_docs"),
    path("", include("annotation.views.urls_people")),
    path("", include("annotation.views.urls_manage")),
    path("p/<slug:slug>/models/", include("models_service.views.urls")),
    path("p/<slug:slug>/routing/", include("routing.views.urls")),
    path("", include("annotation.views.urls_annotate")),
]
