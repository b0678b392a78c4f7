"""PURE: recruiting platforms: what their links carry, and which ids are well formed.

Called by the pages of a recruitment link and of its settings. Knows no database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from annotation.words import gettext as _
from annotation.words import gettext_noop

# Never the beginning of a formula, so that a pay list holds each id unchanged.
ANY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+:~-]{0,119}")
PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
PLACEHOLDER = re.compile(r"[{}%$<>\[\]]")


@dataclass(frozen=True)
class Provider:
    """A recruiting platform: the names in its links, and the shape of its ids.

    `link_values` are what the platform itself replaces in the link that is pasted
    there; empty where it adds the parameters by itself. `address` leads back where the
    project gives none, with `{code}` for its code.
    """

    name: str
    title: str
    parameters: tuple[str, str, str]
    link_values: tuple[str, str, str]
    id_pattern: re.Pattern[str]
    id_words: str
    finish_words: str
    return_words: str
    address: str = ""


PROVIDERS: dict[str, Provider] = {
    one.name: one
    for one in (
        Provider(
            "prolific",
            "Prolific",
            ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"),
            ("{{%PROLIFIC_PID%}}", "{{%STUDY_ID%}}", "{{%SESSION_ID%}}"),
            re.compile(r"[0-9a-f]{24}"),
            gettext_noop("24 characters, digits and the letters a to f"),
            gettext_noop("Enter this code on Prolific, so that you are paid."),
            gettext_noop(
                "Please return your submission on Prolific, so that your place "
                "goes to somebody else. Returning it has no effect on your "
                "account."
            ),
            "https://app.prolific.com/submissions/complete?cc={code}",
        ),
        Provider(
            "mturk",
            "Mechanical Turk",
            ("workerId", "hitId", "assignmentId"),
            ("${workerId}", "${hitId}", "${assignmentId}"),
            re.compile(r"A[A-Z0-9]{5,30}"),
            gettext_noop("an A, then capital letters and digits"),
            gettext_noop(
                "Enter this code in the HIT and submit the HIT, so that you are paid."
            ),
            gettext_noop(
                "Please return the HIT on Mechanical Turk, so that it goes to "
                "somebody else."
            ),
        ),
        Provider(
            "sona",
            "SONA",
            ("survey_code", "experiment_id", "session_id"),
            ("%SURVEY_CODE%", "", ""),
            re.compile(r"[0-9]{1,20}"),
            gettext_noop("digits only"),
            gettext_noop("Keep this code, so that you get your credit."),
            gettext_noop(
                "Please cancel your sign-up in SONA, or tell the people who run it."
            ),
        ),
        Provider(
            "panel",
            gettext_noop("Another panel"),
            ("pid", "", ""),
            ("", "", ""),
            ANY_ID,
            gettext_noop("letters, digits and the signs . _ - @ + : ~, at most 120"),
            gettext_noop(
                "Give this code to the people who invited you, so that you are paid."
            ),
            gettext_noop(
                "Please tell the people who invited you that you do not take part."
            ),
        ),
    )
}


@dataclass(frozen=True)
class Arrival:
    """What a link carried: the person's id, and the ids of study and session."""

    external_id: str
    study: str = ""
    session: str = ""


@dataclass(frozen=True)
class NoArrival:
    """Why a link cannot be used, as a sentence for the person."""

    problem: str


def read_arrival(
    provider: str, parameters: tuple[str, str, str], sent: Mapping[str, str]
) -> Arrival | NoArrival:
    """Read the ids that a link carries, or say what is wrong with it.

    `parameters` are the names of the person's, the study's and the session's id; the
    last two may be empty. The sentence never repeats what was sent.
    """
    platform = PROVIDERS[provider]
    values = [sent.get(name, "").strip() if name else "" for name in parameters]
    given, study, session = values
    again = _("Open the study from {title} again, by the link given there.").format(
        title=_(platform.title)
    )
    if provider == "mturk" and session == "ASSIGNMENT_ID_NOT_AVAILABLE":
        return NoArrival(
            _("This is a preview. Accept the HIT first, then open the link.")
        )
    if not given:
        return NoArrival(
            _("This link carries no {parameters}. {again}").format(
                parameters=parameters[0], again=again
            )
        )
    if PLACEHOLDER.search(given):
        return NoArrival(
            _(
                "{parameters} holds a placeholder in the place of your id. "
                "{again} If it happens again, tell the people who run the "
                "study."
            ).format(parameters=parameters[0], again=again)
        )
    if not platform.id_pattern.fullmatch(given):
        return NoArrival(
            _(
                "What {parameters} holds is no id of {title}: such an id is "
                "{id_words}. {again}"
            ).format(
                parameters=parameters[0],
                title=_(platform.title),
                id_words=_(platform.id_words),
                again=again,
            )
        )
    others = [value if ANY_ID.fullmatch(value) else "" for value in (study, session)]
    return Arrival(given, others[0], others[1])


def link_with(address: str, provider: str, parameters: tuple[str, str, str]) -> str:
    """Return the address as it is pasted at the platform, with its placeholders.

    For an own panel the values stand as <name>, for its people to replace.
    """
    values = PROVIDERS[provider].link_values
    pairs = [
        f"{name}={value or f'<{name}>'}"
        for name, value in zip(parameters, values, strict=True)
        if name and (value or provider == "panel")
    ]
    return f"{address}?{'&'.join(pairs)}" if pairs else address


def with_code(address: str, code: str) -> str:
    """Return the platform's address with its code, `{code}` replaced where it stands.

    Without `{code}` the address is taken as it is: Prolific's own has it already.
    """
    return address.replace("{code}", urlencode({"": code})[1:]) if address else ""
