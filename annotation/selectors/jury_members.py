"""Who said what in a jury, as its stored verdict keeps it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.models import MachineAnnotator
from annotation.words import gettext as _
from annotation.words import gettext_noop

MINUS = "\N{MINUS SIGN}"
STATUS_WORDS = {
    "unparsable": gettext_noop("not readable as an answer"),
    "refused": gettext_noop("refused to answer"),
    "failed": gettext_noop("failed"),
}


@dataclass(frozen=True)
class MemberSaid:
    """What one judge of a jury said of an item.

    `evidence`: for A in log-odds, after calibration; "" where it gave no verdict.
    `is_heard`: it counted.
    """

    public_id: uuid.UUID
    name: str
    number: int
    words: str
    evidence: str
    is_heard: bool


def members_said(
    told: object, machines: Mapping[str, MachineAnnotator]
) -> tuple[MemberSaid, ...]:
    """Return what the judges of a stored verdict said; () where it is no jury's."""
    if not isinstance(told, list):
        return ()
    return tuple(
        MemberSaid(
            public_id=machine.public_id,
            name=machine.name,
            number=machine.number,
            words=_words(one),
            evidence=_signed(one.get("logit")),
            is_heard=one["status"] == "ok" and one["weight"] > 0,
        )
        for one in told
        if (machine := machines.get(one["id"])) is not None
    )


def _signed(evidence: float | None) -> str:
    return "" if evidence is None else f"{evidence:+.2f}".replace("-", MINUS)


def _words(one: Mapping[str, Any]) -> str:
    if one["status"] != "ok":
        return _(STATUS_WORDS[one["status"]])
    if one.get("both_bad"):
        return _("both bad")
    if not one["value"]:
        return _("tie")
    return _("A is better") if one["value"] > 0 else _("B is better")
