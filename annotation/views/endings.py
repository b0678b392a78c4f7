"""How a recruited person's part ended, in the words that they read."""

from dataclasses import dataclass

from annotation.models import Enrolment, Recruitment
from annotation.recruiting import PROVIDERS, with_code
from annotation.words import gettext as _
from annotation.words import gettext_noop

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
        gettext_noop("You have completed the study"),
        gettext_noop("Your answers are stored. Thank you for your work."),
    ),
    State.TIMED_OUT: (
        gettext_noop("The time for this study is over"),
        gettext_noop("What you submitted is stored, and what you began is kept."),
    ),
    State.RETURNED: (
        gettext_noop("You have returned this study"),
        gettext_noop("What you submitted before is stored."),
    ),
    State.SCREENED_OUT: (
        gettext_noop("You cannot take part in this study"),
        gettext_noop("Thank you for your interest."),
    ),
    State.WITHDRAWN: (
        gettext_noop("You do not take part"),
        gettext_noop("You get no further items."),
    ),
}
_SCREENED: dict[str, str] = {
    Reason.QUOTA_FULL: gettext_noop(
        "Enough people who are like you in the profile have taken part."
    ),
    Reason.NOT_QUALIFIED: gettext_noop(
        "The first items did not go as this study needs."
    ),
    Reason.NO_ITEMS: gettext_noop(
        "Other people have taken all that there was to answer."
    ),
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
    said = [_(_SCREENED.get(enrolment.reason, words)), _after(enrolment, code)]
    if address:
        leads = _("The button leads back to {platform}.")
        said.append(leads.format(platform=_(platform.title)))
    return Ending(
        state=enrolment.state,
        title=_(title),
        words=" ".join(said),
        code=code,
        address=with_code(address, code),
        platform=_(platform.title),
        can_go_on=enrolment.state == State.COMPLETED
        and recruitment.when_done == Recruitment.WhenDone.GO_ON,
    )


def _after(enrolment: Enrolment, code: str) -> str:
    """Return what is to be done now."""
    platform = PROVIDERS[enrolment.provider]
    if enrolment.state == State.RETURNED:
        return _("If this is a mistake, write to the people who run the study.")
    if enrolment.state == State.TIMED_OUT:
        return _("Write to the people who run the study on {title}.").format(
            title=_(platform.title)
        )
    return _(platform.finish_words if code else platform.return_words)


def _code(enrolment: Enrolment, recruitment: Recruitment) -> tuple[str, str]:
    if enrolment.state == State.COMPLETED:
        return recruitment.completion_code, recruitment.completion_url
    if enrolment.state == State.SCREENED_OUT and recruitment.screen_out_code:
        return recruitment.screen_out_code, recruitment.screen_out_url
    return "", ""
