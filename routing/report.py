"""PURE: the result of a simulation as JSON and as a table of plain text."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from routing.pair_file import PairFile
from routing.simulate import METRICS, Figure, Result
from routing.strategies import DEFAULT

COLUMNS = {
    "label_accuracy": "label accuracy",
    "label_accuracy_gain": "gain, points",
    "oracle_lead_share": "oracle's lead",
    "log_likelihood_gain": "log-lik. gain",
    "rm_accuracy_gain": "RM acc. gain",
}
DECIMALS = {"label_accuracy": 3, "oracle_lead_share": 2, "log_likelihood_gain": 4}
WIDTH = 17


def as_json(
    result: Result, file: PairFile, *, encoder: str, seconds: float
) -> dict[str, Any]:
    """Return what the command writes; docs/ROUTING.md explains each key."""
    plan = result.plan
    return {
        "default": DEFAULT,
        "splits": plan.n_splits,
        "seconds": round(seconds, 2),
        "ppm": asdict(result.ppm) if result.ppm else None,
        "strategies": {name: _cells(result, name) for name in plan.strategies},
        "reasons": result.reasons,
        "verdicts": {
            f"{budget:g}": {"low": v.low, "high": v.high, "words": v.words}
            for budget, v in result.verdicts.items()
        },
        "reserves": {f"{b:g}": asdict(r) for b, r in result.reserves.items()},
        "fallbacks": result.n_fallbacks,
        "fallback_note": result.fallback_note,
        "encoder": encoder,
        "plan": asdict(plan),
        "pairs": {
            "rows": file.n_rows,
            "used": file.pairs.n,
            "without_ai_label": file.n_without_ai,
            "without_human_label": file.n_without_people,
            "pool_mean": result.n_pool,
        },
    }


def _cells(result: Result, name: str) -> dict[str, Any] | None:
    if name not in result.cells:
        return None
    return {
        f"{budget:g}": {metric: asdict(figure) for metric, figure in cell.items()}
        for budget, cell in result.cells[name].items()
    }


def lines_of(result: Result, file: PairFile, *, encoder: str) -> list[str]:
    """Return the lines that the command prints."""
    plan = result.plan
    lines = [
        f"{file.pairs.n} of {file.n_rows} pairs; left out: {file.n_without_ai} without "
        f"a label of the AI, {file.n_without_people} without one of people.",
        f"{plan.n_splits} splits: a seed of {plan.seed_size}, about "
        f"{result.n_pool:.0f} items to route. Features: {encoder}.",
    ]
    for budget in plan.budgets:
        lines += ["", f"People label {budget:.0%} of the items after the seed:"]
        lines.append("".join(_heads()))
        lines += [_row(result, name, budget) for name in plan.strategies]
        verdict = result.verdicts[budget]
        lines.append(
            f"The default is {verdict.words} (95 % interval {verdict.low:+.1f} to "
            f"{verdict.high:+.1f} points)."
        )
    return [*lines, "", *_notes(result)]


def _heads() -> Sequence[str]:
    return [f"{'':14}", *(f"{words:>{WIDTH}}" for words in COLUMNS.values())]


def _row(result: Result, name: str, budget: float) -> str:
    if name not in result.cells:
        return f"{name:14}  -  {result.reasons[name]}"
    cell = result.cells[name][budget]
    words = [_words(cell[metric], DECIMALS.get(metric, 1)) for metric in METRICS]
    return "".join([f"{name:14}", *(f"{word:>{WIDTH}}" for word in words)])


def _words(figure: Figure, decimals: int) -> str:
    if figure.mean is None:
        return "-"
    error = "" if figure.se is None else f" ±{figure.se:.{decimals}f}"
    return f"{figure.mean:.{decimals}f}{error}"


def _notes(result: Result) -> list[str]:
    plan, lines = result.plan, []
    if result.n_fallbacks:
        lines.append(
            f"In {result.n_fallbacks} of {plan.n_splits} splits the default "
            f"chose at random: {result.fallback_note}"
        )
    # Where people label all there is nothing to choose.
    if any(v.low <= 0 for budget, v in result.verdicts.items() if budget < 1):
        lines.append(
            "Where it cannot be told from random, more labels in the seed or a second "
            "judge would help most."
        )
    lines += [
        f"At {budget:.0%} the reserve says that the AI is right on {r.estimate:.1%} of "
        f"the pool; it is on {r.truth:.1%}. Its 95 % interval held that in "
        f"{r.coverage:.0%} of {r.n_splits} splits."
        for budget, r in result.reserves.items()
    ]
    fit = result.ppm
    if fit is None:
        return [*lines, f"Performance prediction: none. {result.reasons['ppm']}"]
    return [
        *lines,
        f"Performance prediction ({plan.ppm}), out of fold: Spearman "
        f"{fit.spearman:.2f} (budget alone {fit.budget_only_spearman:.2f}), RMSE "
        f"{fit.rmse:.4f} nats (spread of the target {fit.target_sd:.4f}).",
    ]
