"""Train the project's own reward model on its labels, and let it score items.

Called by the command `train_reward_model` and by jobs. Needs no other model, no GPU and
no network: frozen embeddings, which are kept, and a small convex fit.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max

from annotation.agreement.intervals import Interval
from annotation.errors import InvalidError
from annotation.models import Project
from annotation.words import gettext as _
from annotation.words import ngettext
from models_service.backends.embeddings import ChosenEncoder, Encoder, load_encoder
from models_service.heads import (
    Ensemble,
    PairData,
    compare,
    dump_ensemble,
    fit_ensemble,
    load_ensemble,
    suspicious_pairs,
)
from models_service.heads.data import Floats
from models_service.heads.ensemble import probability
from models_service.heads.features import (
    FEATURES_VERSION,
    blocks_of,
    form_of,
    join,
    length_column,
    text_to_embed,
)
from models_service.heads.figures import FitFigures, baseline_margins
from models_service.models import Head
from models_service.selectors.labelled_pairs import TextItem, labelled_items
from models_service.services.embeddings import embed_texts, identify

MIN_PAIRS = 30
# More pairs make the head hardly better and need more memory than a worker has.
MAX_PAIRS = 50_000
MAX_SUSPICIOUS = 500
SCORED_TOGETHER = 256

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PairRow:
    """One labelled pair before it has features. `prompt`: the hash of its prompt."""

    item: str
    a: int
    b: int
    label: float
    target: float
    weight: float
    n_votes: int
    prompt: str


@dataclass(frozen=True)
class ItemReward:
    """What a head says of an item.

    `rewards`: mean over the members by completion, in log-odds: a difference of two is
    that of preferring the one to the other. `logit` and `sd`: of completion 0 over
    completion 1, their mean and spread over the members.
    """

    item: TextItem
    rewards: tuple[float, ...]
    logit: float
    sd: float

    @property
    def p_a(self) -> float:
        """Return P(completion 0 is preferred to completion 1), in [0, 1]."""
        return float(probability(np.array(self.logit)))


def train_reward_model(
    *,
    project: Project,
    source: str = "",
    chosen: ChosenEncoder | None = None,
    seed: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Head:
    """Train a head on all labels collected so far, and store it.

    `source` names an encoder as `load_encoder` does; `chosen` is one already loaded.
    The same labels, seed and encoder give the same weights.

    Raises
    ------
    InvalidError
        With fewer than MIN_PAIRS labelled pairs, or where nothing can be learned.
    """
    rows, n_left_out = _within_limit(_pair_rows(project))
    if len(rows) < MIN_PAIRS:
        raise InvalidError(_too_few(len(rows)), code="too_few_labels", n=len(rows))
    chosen = chosen or load_encoder(source)
    seed = project.seed if seed is None else seed
    x = _features(project, chosen.encoder, rows, progress)
    data, is_by_item = _pair_data(rows, x)
    rng = np.random.default_rng([abs(seed), 71])
    try:
        ensemble = fit_ensemble(data, blocks_of(chosen.encoder.n_dims), rng)
    except ValueError as error:
        raise InvalidError(
            _(
                "The completions of all labelled pairs read the same, so there is "
                "nothing to learn from."
            )
        ) from error
    figures = _figures(rows, data, ensemble, chosen, rng)
    figures |= {"n_left_out": n_left_out, "is_split_by_item": is_by_item}
    return _store(project, chosen.encoder, source, seed, rows, ensemble, figures)


def _too_few(n: int) -> str:
    missing = MIN_PAIRS - n
    return ngettext(
        "A reward model needs {least} labelled pairs, and one is missing. Collect "
        "more labels and train again.",
        "A reward model needs {least} labelled pairs, and {missing} are missing. "
        "Collect more labels and train again.",
        missing,
    ).format(least=MIN_PAIRS, missing=missing)


# --- labels to arrays ---------------------------------------------------------------


def _pair_rows(project: Project) -> list[PairRow]:
    """Read the labels without the texts, which might not fit into memory."""
    return [
        PairRow(
            item.id,
            p.a,
            p.b,
            p.label,
            p.target,
            p.weight,
            p.n_votes,
            hashlib.sha256(item.prompt.encode()).hexdigest(),
        )
        for batch in labelled_items(project)
        for item in batch
        for p in item.pairs
    ]


def _within_limit(rows: list[PairRow]) -> tuple[list[PairRow], int]:
    """Return at most MAX_PAIRS rows of whole prompts, chosen by their hashes."""
    if len(rows) <= MAX_PAIRS:
        return rows, 0
    by_prompt: dict[str, int] = {}
    for row in rows:
        by_prompt[row.prompt] = by_prompt.get(row.prompt, 0) + 1
    total = 0
    kept: set[str] = set()
    for prompt in sorted(by_prompt):
        total += by_prompt[prompt]
        if kept and total > MAX_PAIRS:
            break
        kept.add(prompt)
    within = [row for row in rows if row.prompt in kept][:MAX_PAIRS]
    return within, len(rows) - len(within)


def _features(
    project: Project, encoder: Encoder, rows: Sequence[PairRow], progress: Progress
) -> Floats:
    """Return the differences of features of all pairs: float64 [n, d]."""
    place = {(row.item, row.a, row.b): number for number, row in enumerate(rows)}
    items = {row.item for row in rows}
    width = blocks_of(encoder.n_dims)[-1].stop
    x = np.zeros((len(rows), width))
    n_done = 0
    for batch in labelled_items(project):
        wanted = [item for item in batch if item.id in items]
        features, starts = _features_of(encoder, wanted)
        for item, start in zip(wanted, starts, strict=True):
            for a, b in combinations(range(len(item.completions)), 2):
                # A label that came or went since they were counted is not used.
                number = place.get((item.id, a, b))
                if number is not None:
                    x[number] = features[start + a] - features[start + b]
                    n_done += 1
        progress(n_done, len(rows))
    return x


def _features_of(
    encoder: Encoder, items: Sequence[TextItem]
) -> tuple[Floats, list[int]]:
    """Return the features of all completions, and where each item begins."""
    starts: list[int] = []
    texts: list[str] = []
    bare: list[str] = []
    for item in items:
        starts.append(len(bare))
        bare += item.completions
        texts += [text_to_embed(item.prompt, text) for text in item.completions]
    return join(embed_texts(encoder, texts), form_of(bare)), starts


def _pair_data(rows: Sequence[PairRow], x: Floats) -> tuple[PairData, bool]:
    """Return the pairs grouped by prompt; by item where there is one prompt only."""
    prompts = [row.prompt for row in rows]
    is_by_item = len(set(prompts)) < 2
    names = [row.item for row in rows] if is_by_item else prompts
    _names, group = np.unique(np.array(names), return_inverse=True)
    data = PairData(
        x=x,
        label=np.array([row.label for row in rows]),
        target=np.array([row.target for row in rows]),
        weight=np.array([row.weight for row in rows]),
        group=np.asarray(group, dtype=np.int64),
    )
    return data, is_by_item


# --- what is kept with a head -------------------------------------------------------


def _figures(
    rows: Sequence[PairRow],
    data: PairData,
    ensemble: Ensemble,
    chosen: ChosenEncoder,
    rng: np.random.Generator,
) -> dict[str, Any]:
    strength, folds = ensemble.out_of_fold, ensemble.folds
    if strength is None or folds is None:
        raise ValueError("only a fresh ensemble has figures")
    column = length_column(chosen.encoder.n_dims)
    beside = compare(data, strength.mean, baseline_margins(data, column, folds), rng)
    found = suspicious_pairs(data.label, strength)
    return {
        "head": _fit_figures(beside.scores),
        "length_alone": _fit_figures(beside.baseline),
        "chance": {"accuracy": 0.5, "auc": 0.5, "log_loss": math.log(2)},
        "accuracy_gain": _interval(beside.accuracy_gain),
        "log_loss_gain": _interval(beside.log_loss_gain),
        "n_decided": beside.n_decided,
        "ridge": ensemble.ridge,
        "temperature": ensemble.temperature,
        "mean_sd": float(strength.sd.mean()),
        "curve": [
            {"n_pairs": p.n_pairs, "log_loss": p.log_loss, "accuracy": p.accuracy}
            for p in ensemble.curve
        ],
        "n_suspicious": len(found),
        "suspicious": [
            {
                "item": rows[one.row].item,
                "a": rows[one.row].a,
                "b": rows[one.row].b,
                "margin": one.margin,
                "sd": one.sd,
            }
            for one in found[:MAX_SUSPICIOUS]
        ],
        "encoder_note": chosen.note,
    }


def _fit_figures(scores: FitFigures) -> dict[str, Any]:
    return {
        "accuracy": _interval(scores.accuracy),
        "auc": _interval(scores.auc),
        "log_loss": _interval(scores.log_loss),
    }


def _interval(found: Interval) -> list[float | None]:
    """Return value, low and high for JSON, which has no NaN."""
    ends = (found.value, found.low, found.high)
    return [end if math.isfinite(end) else None for end in ends]


@transaction.atomic
def _store(
    project: Project,
    encoder: Encoder,
    source: str,
    seed: int,
    rows: Sequence[PairRow],
    ensemble: Ensemble,
    figures: dict[str, Any],
) -> Head:
    # Two trainings at once take turns for their numbers; claims do not wait for this.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    heads = Head.objects.filter(project=project)
    last = heads.aggregate(last=Max("number"))["last"] or 0
    return Head.objects.create(
        project=project,
        number=last + 1,
        encoder=identify(encoder),
        source=source,
        features_version=FEATURES_VERSION,
        seed=seed,
        n_pairs=len(rows),
        n_votes=sum(row.n_votes for row in rows),
        n_prompts=len({row.prompt for row in rows}),
        figures=figures,
        weights=dump_ensemble(ensemble),
    )


# --- scoring ------------------------------------------------------------------------


def reward_items(
    head: Head, items: Iterable[TextItem], *, encoder: Encoder | None = None
) -> Iterator[ItemReward]:
    """Yield what the head says of each item, in their order and constant memory.

    Raises
    ------
    InvalidError
        Where the encoder that the head was trained on is no longer what its name says.
    """
    encoder = encoder or load_encoder(head.source).encoder
    known = (head.encoder.name, head.encoder.revision, head.features_version)
    if (encoder.name, encoder.revision, FEATURES_VERSION) != known:
        raise InvalidError(
            _(
                "This reward model was trained on embeddings of {known}, and there is "
                "only {found}. Train it again."
            ).format(known=head.encoder, found=f"{encoder.name}@{encoder.revision}"),
            code="other_encoder",
        )
    ensemble = load_ensemble(bytes(head.weights))
    rest = iter(items)
    while part := list(islice(rest, SCORED_TOGETHER)):
        features, starts = _features_of(encoder, part)
        rewards = ensemble.rewards(features)
        for item, start in zip(part, starts, strict=True):
            yield _item_reward(item, rewards[start : start + len(item.completions)])


def _item_reward(item: TextItem, rewards: Floats) -> ItemReward:
    margins = rewards[0] - rewards[1]
    return ItemReward(
        item=item,
        rewards=tuple(rewards.mean(axis=1).tolist()),
        logit=float(margins.mean()),
        sd=float(margins.std(ddof=1)),
    )
