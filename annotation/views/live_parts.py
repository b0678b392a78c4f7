"""Parts of a page that it asks for again and again."""

import hashlib
import re

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

# A form has another mask of its token at each rendering.
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


def live_part(request: HttpRequest, body: str) -> HttpResponse:
    """Return a part of a page; 304 where the browser has it as it is."""
    shown = _TOKEN.sub("", body)
    etag = f'"{hashlib.sha256(shown.encode()).hexdigest()[:32]}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
