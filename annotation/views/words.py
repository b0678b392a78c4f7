"""The words of the browser's code in one language, as a script."""

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.i18n import JavaScriptCatalog

LIFETIME_S = 600


def script(request: HttpRequest, language: str) -> HttpResponseBase:
    """Serve the catalogue `djangojs`; pages in the source language do not ask for it.

    The language is in the address, so that a browser may keep the script for a while.
    """
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        response = JavaScriptCatalog.as_view()(request)
    patch_cache_control(response, max_age=LIFETIME_S)
    return response
