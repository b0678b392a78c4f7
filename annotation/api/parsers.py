"""Read JSON of a bounded size: what is larger comes as a file, which is streamed."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

from annotation.words import gettext as _

MAX_BYTES = 16 * 1024 * 1024


class TooLarge(APIException):
    """The body is too large to be held in memory."""

    status_code = 413
    default_code = "too_large"
    default_detail = gettext_lazy(
        "This is more than 16 MB. Send it as a file in the field `file`."
    )


class BoundedJSONParser(JSONParser):
    """DRF's parser reads a body of any size, and fails where it nests too deep."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the body holds.

        Raises TooLarge, or ParseError where it is not JSON.
        """
        meta = (parser_context or {})["request"].META
        if int(meta.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
            raise TooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(_("The body nests too deep.")) from error
