"""What the pages of a project's settings share."""

from typing import Any

from annotation.access import Seat
from annotation.models import Role
from annotation.services.versions import Published
from annotation.words import gettext as _
from annotation.words import gettext_noop

OWNERS = (Role.OWNER,)
METHODS = ["GET", "HEAD", "POST"]


def settings_context(seat: Seat, part: str) -> dict[str, Any]:
    """Return what every page of the settings needs; `part` is the page's name."""
    return {"seat": seat, "project": seat.project, "tab": "settings", "part": part}


# What `said` is told of, for the catalogue.
VERSIONED = (
    gettext_noop("questions"),
    gettext_noop("guidelines"),
    gettext_noop("consent"),
    gettext_noop("survey"),
)


def said(what: str, published: Published) -> str:
    """Return what a change led to, as a sentence."""
    if not published.is_changed:
        return _("Nothing has changed.")
    if published.is_new:
        return _(
            "This is version {number} of the {what}. Answers given before "
            "stay with the version that they saw."
        ).format(number=published.number, what=_(what))
    return _("Version {number} of the {what} is changed.").format(
        number=published.number, what=_(what)
    )
