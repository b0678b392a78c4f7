"""Step route: let the worker for models embed and measure the texts of a pool.

Asked for (services.requests) as a policy is set, while people label the seed, and
wherever a fit would find a text that is not embedded. What is done stays done: a job
that is cancelled or whose worker dies leaves nothing to do twice. The fit that waits
for it follows at its end.
"""

from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from annotation.models import Job
from annotation.services.jobs import JobFailed, Progress, kept_alive
from annotation.words import gettext as _
from annotation.words import ngettext
from models_service.backends.embeddings import (
    ChosenEncoder,
    EncoderError,
    HashingEncoder,
    default_encoder,
)
from models_service.backends.token_match import TokenEncoder, match_pairs
from models_service.services.embeddings import embed_items, identify
from routing.features.space import texts_to_embed
from routing.models import EmbeddingRun
from routing.pairs import Pairs
from routing.selectors.embedded import (
    MOST_BY_WORDS,
    Wanted,
    n_pool,
    n_unread,
    unread_items,
)
from routing.selectors.pairs import texts_of
from routing.services.due import follow_embedding
from routing.services.features import (
    MEASURES_VERSION,
    measure,
    store_matches,
    store_measures,
)

# Items whose texts are read, sorted by length and embedded together.
WINDOW = 500


def run_embedding(job: Job, progress: Progress) -> dict[str, Any]:
    """Run a claimed job; a runner as annotation.services.jobs describes it."""
    run = EmbeddingRun.objects.select_related("policy__project").get(job=job)
    if run.ended_at is None:
        # The model takes its time to load, and a step of it can outlast the lease.
        with kept_alive(job):
            n = _embed(run, progress)
        _finish(run)
    else:
        n = job.n_done
    return {"message": _message(run), "n_done": n, "n_total": n}


def _embed(run: EmbeddingRun, progress: Progress) -> int:
    """Embed and measure what is new; return the items of the pool."""
    policy = run.policy
    n_items = n_pool(policy)
    progress.set(0, n_items)
    chosen = _chosen()
    run.note = chosen.note
    is_model = not isinstance(chosen.encoder, HashingEncoder)
    is_embedding = is_model or n_items > MOST_BY_WORDS
    run.encoder = identify(chosen.encoder) if is_embedding else None
    run.save(update_fields=["encoder", "note"])
    tokens = chosen.encoder if isinstance(chosen.encoder, TokenEncoder) else None
    wanted = Wanted(MEASURES_VERSION, run.encoder, is_matched=tokens is not None)
    n_done = n_items - n_unread(policy, wanted)
    for ids in unread_items(policy, wanted, WINDOW):
        progress.set(n_done, n_items)
        (texts,) = texts_of(np.array(ids, dtype=np.int64))
        store_measures(np.array(ids, dtype=np.int64), measure(texts))
        if is_embedding:
            _embed_window(run, chosen, ids, texts, progress, n_done)
        if tokens is not None and run.encoder is not None:
            a, b = texts.completions_a, texts.completions_b
            store_matches(ids, run.encoder, match_pairs(tokens, a, b))
        n_done += len(ids)
    return n_done


def _chosen() -> ChosenEncoder:
    try:
        return default_encoder()
    except EncoderError as error:
        raise JobFailed(str(error)) from error


def _embed_window(
    run: EmbeddingRun,
    chosen: ChosenEncoder,
    ids: list[int],
    texts: Pairs,
    progress: Progress,
    n_done: int,
) -> None:
    both = texts_to_embed(texts)
    pairs = zip(ids, both[: len(ids)], both[len(ids) :], strict=True)
    run.n_new += embed_items(
        chosen.encoder,
        {item: (a, b) for item, a, b in pairs},
        lambda n_encoded: progress.set(n_done + n_encoded // 2),
    )
    run.save(update_fields=["n_new"])


@transaction.atomic
def _finish(run: EmbeddingRun) -> None:
    """Say that the pool is ready, and ask for what waited for that.

    In one transaction, so that a worker that dies right after it asks for nothing
    twice.
    """
    # Locked: whoever wants a fit to follow is heard now, or sees that it is too late.
    job = Job.objects.select_for_update(no_key=True).get(pk=run.job_id)
    run.ended_at = timezone.now()
    run.save(update_fields=["ended_at"])
    follow_embedding(policy=run.policy, job=job)


def _message(run: EmbeddingRun) -> str:
    if run.encoder is None:
        return _(
            "No sentence-embedding model is installed, so the pool is learned from its "
            "own words."
        )
    text = ngettext(
        "{n:,} text is new, embedded by {name}.",
        "{n:,} texts are new, embedded by {name}.",
        run.n_new,
    )
    return text.format(n=run.n_new, name=run.encoder.name)
