"""Step see: settle an item about which people disagree, with a reason, or reopen it.

Append-only. `n_shown` is the number of the last decision the writer saw, so that two
people who decide at once do not pass over each other.
"""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.adjudication import check, complete, to_settle
from annotation.answers import Problem, parse_questions
from annotation.errors import ConflictError, InvalidError
from annotation.models import Adjudication, Item, QuestionsVersion, Role
from annotation.services.events import record
from annotation.words import gettext as _

MAX_CHARS = 4000
TEAM = (Role.OWNER, Role.RESEARCHER)


@transaction.atomic
def settle(
    *,
    item: Item,
    by: User,
    role: str,
    answers: dict[str, Any],
    reason: str,
    n_shown: int,
) -> Adjudication:
    """Settle an item by answers in canonical order.

    Raises InvalidError with every problem of the answers and the reason,
    ConflictError where somebody else was faster or nothing can be settled.
    """
    last = _lock(item, n_shown)
    version = item.project.current_questions()
    questions = parse_questions(version.questions) if version else ()
    if version is None or not to_settle(questions, item.n_completions):
        raise ConflictError(_("This project asks nothing that can be settled."))
    problems = check(questions, answers, item.n_completions)
    words, faults = _reason(reason)
    if problems or faults:
        raise InvalidError(
            _("The item is not settled yet. Mend what is named."),
            problems=[*problems, *faults],
        )
    return _add(
        item,
        last,
        by,
        role,
        words,
        version,
        answers=complete(questions, answers, item.n_completions),
    )


@transaction.atomic
def reopen(
    *, item: Item, by: User, role: str, reason: str, n_shown: int
) -> Adjudication:
    """Open a settled item again; what was decided stays in its history.

    Raises InvalidError without a reason, ConflictError where nothing is settled.
    """
    last = _lock(item, n_shown)
    if last is None or last.is_reopening:
        raise ConflictError(_("This item is open already."))
    words, faults = _reason(reason)
    if faults:
        raise InvalidError(faults[0].message, problems=faults)
    version = last.questions_version
    return _add(item, last, by, role, words, version, is_reopening=True)


def _lock(item: Item, n_shown: int) -> Adjudication | None:
    """Let one decision at a time follow the other; return the last one."""
    Item.objects.select_for_update(no_key=True).get(pk=item.pk)
    last = Adjudication.objects.filter(item=item).order_by("-number").first()
    if (last.number if last else 0) != n_shown:
        raise ConflictError(
            _(
                "Somebody else has decided on this item meanwhile. Read what they "
                "say, then decide anew."
            )
        )
    return last


def _reason(reason: str) -> tuple[str, list[Problem]]:
    words = reason.replace("\x00", "").replace("\r\n", "\n").strip()
    if not words:
        return words, [Problem("reason", _("The reason is empty. Say why it is so."))]
    if len(words) > MAX_CHARS:
        text = _(
            "The reason has {n_words:,} characters. Shorten it to {max_chars:,}."
        ).format(n_words=len(words), max_chars=MAX_CHARS)
        return words, [Problem("reason", text)]
    return words, []


def _add(
    item: Item,
    last: Adjudication | None,
    by: User,
    role: str,
    reason: str,
    version: QuestionsVersion,
    **facts: Any,
) -> Adjudication:
    if role not in TEAM:
        raise ValueError(f"{role!r} is not a role of the team")
    made = Adjudication.objects.create(
        project_id=item.project_id,
        item=item,
        number=last.number + 1 if last else 1,
        questions_version=version,
        reason=reason,
        role=role,
        author=by,
        **facts,
    )
    record(
        project=item.project,
        user=by,
        kind="item_reopened" if made.is_reopening else "item_settled",
        item=item.pk,
        number=made.number,
    )
    return made
