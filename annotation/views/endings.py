"""How a recruited person's part ended, in the words that they read."""

from dataclasses import dataclass

from annotation.models import Enrolment, Recruitment
from annotation.recruiting import PROVIDERS, with_code

State, Reason = Enrolment.State, Enrolment.Reason


@dataclass(frozen=True)
class Ending:
    """How somebody's part ended, as they read it; `code` is empty where there is none.

    `address` leads back to the platform.
    """

    state: str
    title: str
    words: str
    code: str
    address: str
    platform: str
    can_go_on: bool


_WORDS: dict[str, tuple[str, str]] = {
    State.COMPLETED: (
        "You have completed the study",
        "Your answers are stored. Thank you for your work.",
    ),
    State.TIMED_OUT: (
        "The time for this study is over",
        "What you submitted is stored, and what you began is kept.",
    ),
    State.RETURNED: (
        "You have returned this study",
        "What you submitted before is stored.",
    ),
    State.SCREENED_OUT: (
        "You cannot take part in this study",
        "Thank you for your interest.",
    ),
    State.WITHDRAWN: ("You do not take part", "You get no further items."),
}
_SCREENED: dict[str, str] = {
    Reason.QUOTA_FULL: "Enough people who are like you in the profile have taken part.",
    Reason.NOT_QUALIFIED: "The first items did not go as this study needs.",
    Reason.NO_ITEMS: "Other people have taken all that there was to answer.",
}


def ending_of(enrolment: Enrolment | None) -> Ending | None:
    """Return how this part ended; None while it goes on, or without an enrolment.

    No query where the project and its recruitment are loaded.
    """
    if enrolment is None or enrolment.state == State.WORKING:
        return None
    recruitment = enrolment.project.recruitment
    platform = PROVIDERS[enrolment.provider]
    code, own_address = _code(enrolment, recruitment)
    address = (own_address or platform.address) if code else ""
    title, words = _WORDS[enrolment.state]
    return Ending(
        state=enrolment.state,
        title=title,
        words=f"{_SCREENED.get(enrolment.reason, words)} {_after(enrolment, code)}"
        f"{f' The button leads back to {platform.title}.' if address else ''}",
        code=code,
        address=with_code(address, code),
        platform=platform.title,
        can_go_on=enrolment.state == State.COMPLETED
        and recruitment.when_done == Recruitment.WhenDone.GO_ON,
    )


def _after(enrolment: Enrolment, code: str) -> str:
    """Return what is to be done now."""
    platform = PROVIDERS[enrolment.provider]
    if enrolment.state == State.RETURNED:
        return "If this is a mistake, write to the people who run the study."
    if enrolment.state == State.TIMED_OUT:
        return f"Write to the people who run the study on {platform.title}."
    return platform.finish_words if code else platform.return_words


def _code(enrolment: Enrolment, recruitment: Recruitment) -> tuple[str, str]:
    if enrolment.state == State.COMPLETED:
        return recruitment.completion_code, recruitment.completion_url
    if enrolment.state == State.SCREENED_OUT and recruitment.screen_out_code:
        return recruitment.screen_out_code, recruitment.screen_out_url
    return "", ""
