"""Everything held about one participant, as tables for that participant's own copy.

Nothing here tells which model wrote a completion, which items are gold, which rows
are silent checks or what a machine said that is still hidden, since the person may
still be at work. Written by services.own_copy; a test holds `TABLES` and `LEFT_OUT`
full.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from annotation.models import Participant
from annotation.selectors.own_rows import (
    Entry,
    checks_rows,
    comments_rows,
    consents_rows,
    conversations_rows,
    derived_rows,
    flags_rows,
    groups_rows,
    log_rows,
    membership_rows,
    pairs_rows,
    past_profile_rows,
    pay_rows,
    profile_rows,
    qualification_rows,
    standing_rows,
)
from annotation.words import gettext_noop

Rows: TypeAlias = Callable[[Participant], Iterable[Entry]]


@dataclass(frozen=True)
class Table:
    """One kind of thing that is held.

    `models`: the tables of the database that it tells of.
    """

    name: str
    title: str
    about: str
    models: tuple[str, ...]
    rows: Rows


TABLES: tuple[Table, ...] = (
    Table(
        "consents",
        gettext_noop("What you agreed to"),
        gettext_noop(
            "Every time you said what may be done with your data, with the text you"
            " read."
        ),
        ("ConsentRecord",),
        consents_rows,
    ),
    Table(
        "profile",
        gettext_noop("What you told about yourself"),
        gettext_noop(
            "Each question of the profile with its state: answered, skipped, not "
            "shown, prefer not to say, not applicable."
        ),
        ("SurveyAnswer",),
        profile_rows,
    ),
    Table(
        "past_profile",
        gettext_noop("Earlier answers of your profile"),
        gettext_noop("As they were before you changed them."),
        ("PastSurveyAnswer",),
        past_profile_rows,
    ),
    Table(
        "derived",
        gettext_noop("What researchers made of your own words"),
        gettext_noop("Coarser categories of what you said of yourself."),
        ("DerivedAttribute",),
        derived_rows,
    ),
    Table(
        "pay",
        gettext_noop("Your part and your pay"),
        gettext_noop(
            "When you began and ended, the time you took, and what is paid. The "
            "amount is by your own work, before a top-up for everybody."
        ),
        ("Enrolment",),
        pay_rows,
    ),
    Table(
        "flags",
        gettext_noop("Your flags"),
        gettext_noop("What you said is wrong with an item."),
        ("Flag",),
        flags_rows,
    ),
    Table(
        "comments",
        gettext_noop("Comments"),
        gettext_noop("What you and the team wrote each other about items."),
        (
            "Thread",
            "Comment",
        ),
        comments_rows,
    ),
    Table(
        "qualification",
        gettext_noop("Qualification"),
        gettext_noop("Each attempt at the qualification, and how it went."),
        ("QualificationAttempt",),
        qualification_rows,
    ),
    Table(
        "checks",
        gettext_noop("Training and qualification: where you are"),
        gettext_noop(
            "Silent checks among your items are not told while the project uses them."
        ),
        ("CheckPlan",),
        checks_rows,
    ),
    Table(
        "standing",
        gettext_noop("Decisions on your part"),
        gettext_noop(
            "When the team paused or ended your work, or let you go on, and why."
        ),
        ("StandingChange",),
        standing_rows,
    ),
    Table(
        "groups",
        gettext_noop("Groups of the quotas"),
        gettext_noop("For which groups of people your answers were counted."),
        ("QuotaHold",),
        groups_rows,
    ),
    Table(
        "pairs",
        gettext_noop("Items asked in two ways"),
        gettext_noop(
            "Items that you were asked about twice, and which way came first."
        ),
        ("ProtocolPair",),
        pairs_rows,
    ),
    Table(
        "conversations",
        gettext_noop("Conversations"),
        gettext_noop("Conversations with models that you held, with your messages."),
        (
            "Conversation",
            "Turn",
        ),
        conversations_rows,
    ),
    Table(
        "membership",
        gettext_noop("Membership"),
        gettext_noop("Your role here."),
        ("Membership",),
        membership_rows,
    ),
    Table(
        "log",
        gettext_noop("What the log says of you"),
        gettext_noop("What happened and when; the log holds no words."),
        ("Event",),
        log_rows,
    ),
)
# Told at the head of the copy, and with each item lent.
AT_HEAD = ("Participant", "ExternalIdentity")
WITH_ITEMS = ("Assignment", "Annotation", "Draft", "Exposure")
# What names a person, or leads to one, and is in no copy; and why.
LEFT_OUT: dict[str, str] = {
    "Adjudication": "the team's decision on an item; the log has that it was made",
    "ApiToken": "belongs to the account, whose page lists it, and not to a project",
    "Candidate": "what models wrote in a conversation, and which they were",
    "Invitation": "a link that a manager made; the log has that it was made",
    "Job": "work that a manager started; the page of jobs names them",
    "Project": "is shared; who made it is its first owner",
    "QuotaVersion": "quotas that an owner set; the log has that they were set",
    "Route": "a decision on an item; the log has that it was made",
    "RoutingPolicy": "rules that an owner set; the log has that they were set",
    "SavedFilter": "a manager's own, listed beside the items",
    "SuggestionPolicy": "rules that an owner set; the log has that they were set",
    "Withdrawal": "the tombstone: from then on nothing leads to the person",
}
