"""Step route: ask by hand for what can be asked for: seed, embedding, or a fit."""

from django.contrib.auth.models import User

from annotation.errors import ConflictError
from annotation.models import Job, Project
from annotation.words import gettext as _
from routing.selectors.page import action_of
from routing.selectors.state import RoutingState, is_unended, state_of
from routing.services.requests import request_embedding, request_fit, request_run

SEED, EMBED, FIT = "seed", "embed", "fit"


def request_by_hand(*, project: Project, user: User | None, action: str = "") -> Job:
    """Make the job of a run that a person wants; `action`: which, else what comes next.

    Of a fit it is the job that embeds, where that comes first.

    Raises ConflictError where no policy is in force, another job has not ended, or the
    seed is not labelled yet.
    """
    now = state_of(project)
    if now.policy is None:
        raise ConflictError(_("No routing policy is in force."))
    wanted = action or action_of(now) or SEED
    if not action and is_unended(now.embedding) and now.seed.is_full:
        text = _("The texts are embedded first. What is learned follows by itself.")
        raise ConflictError(text)
    if not is_unended(now.job):
        _check(now, wanted)
    if wanted == FIT:
        return request_fit(policy=now.policy, user=user)
    if wanted == EMBED:
        return request_embedding(policy=now.policy, user=user)
    return request_run(policy=now.policy, user=user, action=wanted)


def _check(now: RoutingState, wanted: str) -> None:
    if wanted == SEED and now.fit_run is not None:
        # Drawn anew, what is chosen would wait again.
        raise ConflictError(_("The seed is labelled. Learn anew instead."))
    if wanted == FIT and now.fit_run is None and not now.seed.is_full:
        text = _(
            "Nothing can be learned yet: {done:,} of {all:,} items of the seed have "
            "all their answers. Let people answer them first."
        )
        done, drawn = now.seed.n_labelled, now.seed.n_drawn
        raise ConflictError(text.format(done=done, all=drawn))
