"""What the pages of a project's settings share."""

from typing import Any

from annotation.access import Seat
from annotation.models import Role
from annotation.services.versions import Published

OWNERS = (Role.OWNER,)
METHODS = ["GET", "HEAD", "POST"]


def settings_context(seat: Seat, part: str) -> dict[str, Any]:
    """Return what every page of the settings needs; `part` is the page's name."""
    return {"seat": seat, "project": seat.project, "tab": "settings", "part": part}


def said(what: str, published: Published) -> str:
    """Return what a change led to, as a sentence."""
    if not published.is_changed:
        return "Nothing has changed."
    if published.is_new:
        return (
            f"This is version {published.number} of the {what}. Answers given before"
            " stay with the version that they saw."
        )
    return f"Version {published.number} of the {what} is changed."
