"""PURE: what a causal language model computes: next tokens, replies, likelihoods.

Everything here takes token ids and a model of transformers (or any module that is
called alike) and knows nothing of calls, texts or settings. torch is imported in the
functions, since the web process imports this package.
"""

import copy
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[int]
N_TOP = 20


@dataclass(frozen=True)
class Wish:
    """How one prompt is to be gone on from. `temperature` 0: the likeliest token."""

    ids: tuple[int, ...]
    n_new: int
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Chosen:
    """A token of a reply, with its natural log-probability and the likeliest ones."""

    id: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


@dataclass
class Said:
    """What was said upon one prompt. `is_ended`: by the model itself."""

    tokens: list[Chosen] = field(default_factory=list)
    is_ended: bool = False


def padded(
    rows: Sequence[Ids], side: Literal["left", "right"], device: str, fill: int = 0
) -> tuple[Any, Any]:
    """Return token ids and mask, int64 `[n_rows, longest]`, padded on one side."""
    import torch

    longest = max(len(row) for row in rows)
    ids = np.full((len(rows), longest), fill, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for number, row in enumerate(rows):
        start = longest - len(row) if side == "left" else 0
        ids[number, start : start + len(row)] = row
        mask[number, start : start + len(row)] = 1
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)


def forward(model: Any, ids: Any, mask: Any, *, keep: int = 0, **more: Any) -> Any:
    """Call a model with positions that count the tokens which are no padding.

    `keep`: of how many last places the logits are wanted; 0 = of all.
    """
    given = {
        "attention_mask": mask,
        "position_ids": (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :],
        "logits_to_keep": keep,
        **more,
    }
    known = inspect.signature(model.forward).parameters
    is_open = any(one.kind is one.VAR_KEYWORD for one in known.values())
    if not is_open:
        given = {name: value for name, value in given.items() if name in known}
    return model(input_ids=ids, **given)


def next_logprobs(
    model: Any,
    rows: Sequence[Ids],
    device: str,
    side: Literal["left", "right"] = "left",
) -> NDArray[np.float32]:
    """Return what comes next upon each prompt: log-probabilities `[n_rows, n_vocab]`.

    One forward pass, without generation.
    """
    import torch

    ids, mask = padded(rows, side, device)
    with torch.inference_mode():
        if side == "left":
            logits = forward(model, ids, mask, keep=1).logits[:, -1]
        else:
            last = mask.sum(-1) - 1
            logits = forward(model, ids, mask).logits
            logits = logits[torch.arange(len(rows), device=last.device), last]
        found: NDArray[np.float32] = logits.float().log_softmax(-1).cpu().numpy()
    return found


# --- replies -----------------------------------------------------------------------


def generate(
    model: Any, wishes: Sequence[Wish], ends: frozenset[int], device: str
) -> list[Said]:
    """Go on from all prompts together, each as it would be gone on from alone.

    Left padding puts the last tokens of all prompts in one column. A prompt draws from
    its own seed by the inverse of the cumulative probabilities, so that neither its
    place in a batch nor its company changes what it draws.

    Parameters
    ----------
    ends : int
        Tokens that end a reply; they are no part of it.
    """
    import torch

    said = [Said() for _wish in wishes]
    draws = [np.random.default_rng(wish.seed) for wish in wishes]
    live = list(range(len(wishes)))
    ids, mask = padded([wish.ids for wish in wishes], "left", device)
    past: Any = None
    with torch.inference_mode():
        while live:
            out = forward(
                model, ids, mask, keep=1, past_key_values=past, use_cache=True
            )
            past = out.past_key_values
            chosen = _choose(
                out.logits[:, -1], [(wishes[at], draws[at]) for at in live]
            )
            rows = _take(chosen, live, wishes, said, ends)
            if len(rows) < len(live):
                keep = torch.tensor(rows, device=mask.device, dtype=torch.long)
                mask = mask[keep]
                if rows and past is not None:
                    past.batch_select_indices(keep)
            chosen = [chosen[row] for row in rows]
            live = [live[row] for row in rows]
            ids = torch.tensor([[one.id] for one in chosen], device=mask.device)
            mask = torch.cat([mask, mask.new_ones(len(live), 1)], dim=-1)
    return said


def _take(
    chosen: Sequence[Chosen],
    live: Sequence[int],
    wishes: Sequence[Wish],
    said: Sequence[Said],
    ends: frozenset[int],
) -> list[int]:
    """Add a token to each reply; return the rows whose reply goes on."""
    rows = []
    for row, (at, one) in enumerate(zip(live, chosen, strict=True)):
        if one.id in ends:
            said[at].is_ended = True
            continue
        said[at].tokens.append(one)
        if len(said[at].tokens) < wishes[at].n_new:
            rows.append(row)
    return rows


def _choose(
    logits: Any, drawn: Sequence[tuple[Wish, np.random.Generator]]
) -> list[Chosen]:
    """Choose a token in each row of logits `[n_rows, n_vocab]`."""
    import torch

    logprobs = logits.float().log_softmax(-1)
    picked = logprobs.argmax(-1)
    warm = [row for row, (wish, _rng) in enumerate(drawn) if wish.temperature > 0]
    if warm:
        heat = torch.tensor([drawn[row][0].temperature for row in warm])
        marks = torch.tensor([drawn[row][1].random() for row in warm])
        picked[warm] = _draw(logprobs[warm], heat, marks)
    top = logprobs.topk(min(N_TOP, logprobs.shape[-1]), dim=-1)
    own = logprobs.gather(-1, picked[:, None])[:, 0]
    return [
        Chosen(id_, logprob, tuple(zip(ids, values, strict=True)))
        for id_, logprob, ids, values in zip(
            picked.tolist(),
            own.tolist(),
            top.indices.tolist(),
            top.values.tolist(),
            strict=True,
        )
    ]


def _draw(logprobs: Any, temperature: Any, marks: Any) -> Any:
    """Return the token at which the cumulative probability passes each mark."""
    scaled = logprobs.double() / temperature.to(logprobs.device).double()[:, None]
    reached = scaled.softmax(-1).cumsum(-1)
    wanted = marks.to(logprobs.device).double()[:, None] * reached[:, -1:]
    found = (reached <= wanted).sum(-1)
    return found.clamp(max=logprobs.shape[-1] - 1)


# --- likelihoods -------------------------------------------------------------------


def mean_logprobs(
    model: Any,
    prefix: Ids,
    follows: Sequence[Ids],
    device: str,
    *,
    uses_cache: bool = True,
    n_together: int = 0,
) -> NDArray[np.float64]:
    """Return the mean log-probability of a token, for each text that may follow.

    Parameters
    ----------
    prefix : int, shape [n_prefix]
        What all texts follow upon; not empty.
    follows : int, ragged [n_follows][n_tokens]
        Token j of a text is predicted by what stands before it: the prefix and the
        tokens before j.
    uses_cache : bool
        Read the prefix once for all texts; else once for each.
    n_together : int
        Texts in one batch; 0 = all.
    """
    import torch

    size = n_together or len(follows)
    found: list[float] = []
    with torch.inference_mode():
        kept = _read_prefix(model, prefix, device) if uses_cache else None
        for start in range(0, len(follows), size):
            part = follows[start : start + size]
            if kept is None:
                logprobs = _logprobs_of_all(model, prefix, part, device)
            else:
                logprobs = _logprobs_after(model, kept, len(prefix), part, device)
            found += logprobs
    return np.asarray(found, dtype=np.float64)


def _read_prefix(model: Any, prefix: Ids, device: str) -> tuple[Any, Any]:
    """Return the logits after a prefix `[1, 1, n_vocab]`, and the cache of it."""
    ids, mask = padded([prefix], "left", device)
    out = forward(model, ids, mask, keep=1, use_cache=True)
    return out.logits[:, -1:], out.past_key_values


def _logprobs_after(
    model: Any,
    kept: tuple[Any, Any],
    n_prefix: int,
    follows: Sequence[Ids],
    device: str,
) -> list[float]:
    import torch

    first, past = kept
    n = len(follows)
    ids, mask = padded(follows, "right", device)
    whole = torch.cat([mask.new_ones(n, n_prefix), mask], dim=-1)
    past = copy.deepcopy(past)
    if past is not None:
        past.batch_repeat_interleave(n)
    out = forward(model, ids, whole, past_key_values=past, use_cache=True)
    # The prefix predicts the first token, and each token the one after it.
    logits = torch.cat([first.expand(n, -1, -1), out.logits[:, :-1]], dim=1)
    return _means(logits, ids, mask)


def _logprobs_of_all(
    model: Any, prefix: Ids, follows: Sequence[Ids], device: str
) -> list[float]:
    ids, mask = padded([(*prefix, *one) for one in follows], "right", device)
    logits = forward(model, ids, mask, use_cache=False).logits
    start = len(prefix)
    return _means(logits[:, start - 1 : -1], ids[:, start:], mask[:, start:])


def _means(logits: Any, ids: Any, mask: Any) -> list[float]:
    logprobs = logits.float().log_softmax(-1).gather(-1, ids[..., None])[..., 0]
    sums = (logprobs.double() * mask).sum(-1)
    means: list[float] = (sums / mask.sum(-1)).tolist()
    return means
