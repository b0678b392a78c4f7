"""Figures as a fit tells them, made by a rule, for what is shown of them."""

from typing import Any

from django.utils import timezone

from annotation.models import Item, Job
from routing.models import Decision, RoutingPolicy, RoutingRun

SHARES = tuple(round(0.05 * step, 2) for step in range(21))
NAMES = (
    "second: opposite",
    "cosine: high",
    "health",
    "longer: low",
    "second: same",
    "cosine: low",
)


def estimate(mean: float, half: float) -> dict[str, float]:
    """Return a share or a difference with its interval."""
    return {"mean": mean, "low": mean - half, "high": min(mean + half, 1.0)}


def point(budget: float, lead: float) -> dict[str, Any]:
    """Return what a budget buys where the AI is right on 7 of 10 items."""
    random = 0.7 + 0.3 * budget
    gain = lead * 4 * budget * (1 - budget)
    chosen, half = random + gain, 0.03 * (1 - budget)
    return {
        "budget": budget,
        "chosen": estimate(chosen, half),
        "random": estimate(random, half),
        "gain": estimate(gain, half if gain else 0.0),
        "words": "",
    }


def ends(value: float, half: float) -> dict[str, float]:
    """Return an estimate as the figures of people tell it."""
    return {"value": value, "low": value - half, "high": value + half}


def cell(name: str, n: int, value: float, apart: float | None = None) -> dict[str, Any]:
    """Return a stratum of so many people; `apart`: from everybody else."""
    return {
        "name": name,
        "size": {"n_people": n, "n_answers": 7 * n},
        "agreement": ends(value, 0.06),
        "after": ends(value + 0.08, 0.05) if n > 9 else None,
        "difference": None if apart is None else ends(apart, 0.07),
        "widened": None if apart is None else ends(apart, 0.11),
    }


def strata() -> dict[str, Any]:
    """Return the audit by stratum, where some differ from everybody else."""
    groups = [
        ("age", [("18 to 24", 12, 0.61, -0.14), ("25 to 34", 31, 0.74, 0.03)], 2),
        ("gender", [("Female", 24, 0.78, 0.09), ("Male", 26, 0.69, -0.06)], 1),
        ("country", [("CL", 9, 0.7, -0.02)], 4),
        ("ethnicity", [], 3),
        ("uses/Writing and editing", [("yes", 20, 0.7, 0.01), ("no", 30, 0.7, 0.0)], 0),
    ]
    return {
        "everybody": cell("", 52, 0.72),
        "n_compared": 7,
        "groups": [
            {
                "question": question,
                "cells": [cell(*one) for one in cells],
                "n_hidden": n_hidden,
            }
            for question, cells, n_hidden in groups
        ],
    }


def beside(budget: float, gain: float) -> dict[str, Any]:
    """Return what a baseline buys that gains so much where it gains most."""
    one = point(budget, gain)
    return {
        "budget": budget,
        "label_accuracy": one["chosen"],
        "gain": one["gain"],
        "words": "",
    }


def baselines() -> dict[str, Any]:
    """Return every way to choose but the default; top_k lacks its seed."""
    gains = {
        "disagreement": 0.03,
        "confidence": -0.02,
        "contradiction": 0.012,
        "paper": 0.004,
        "oracle": 0.075,
    }
    found: dict[str, Any] = {
        name: {
            "reason": None,
            "curve": [beside(share, gain) for share in _shares(name)],
            "here": beside(0.25, gain),
        }
        for name, gain in gains.items()
    }
    for name, right in (("all_human", 1.0), ("all_ai", 0.7)):
        level = [_level(share, right) for share in (*SHARES, 0.25)]
        found[name] = {"reason": None, "curve": level[:-1], "here": level[-1]}
    lacking = "Performance prediction needs a seed of 200 items."
    found["top_k"] = {"reason": lacking, "curve": None, "here": None}
    return found


def _shares(name: str) -> tuple[float, ...]:
    return SHARES[::2] if name == "paper" else SHARES


def _level(budget: float, right: float) -> dict[str, Any]:
    return {
        "budget": budget,
        "label_accuracy": estimate(right, 0.03 if right < 1 else 0.0),
        "gain": estimate(right - 0.7 - 0.3 * budget, 0.03),
        "words": "",
    }


def figures(lead: float = 0.06, **more: Any) -> dict[str, Any]:
    """Return figures; `lead`: of the strategy over random, where it is largest."""
    return {
        "n_pool": 600,
        "n_open": 400,
        "n_human": 100,
        "n_labelled": 200,
        "n_by_people": 200,
        "n_learned": 150,
        "n_seed": 200,
        "human_share": 0.25,
        "strategy": "default",
        "strategy_note": "",
        "note": "",
        "encoder": "some-encoder",
        "encoder_note": "",
        "signals": ["second"],
        "curve": [point(share, lead) for share in SHARES],
        "here": point(0.25, lead),
        "baselines": baselines(),
        "advice": ["A second judge would show where the AI may be wrong."],
        "ppm": {
            "spearman": 0.61,
            "rmse": 0.0021,
            "target_sd": 0.003,
            "budget_only_spearman": 0.12,
        },
        "audit": {
            "n": 50,
            "is_suppressed": False,
            "agreement": estimate(0.72, 0.11),
            "hybrid_accuracy": estimate(0.81, 0.09),
            "errors_found": None,
            "by_tag": [
                {"name": "second: same", "n": 31, "agreement": estimate(0.9, 0.1)}
            ],
            "strata": strata(),
        },
        "tags": [
            {
                "name": name,
                "n_open": 40 + place,
                "gain": 0.6 / (1 + place),
                "gain_low": 0.5 / (1 + place),
                "gain_high": 0.7 / (1 + place),
                "lift": estimate(0.6 / (1 + place) - 0.25, 0.1),
                "n_seed": 30,
                "wrong": estimate(0.5 / (1 + place), 0.08) if place != 2 else None,
                "slope": estimate(0.004 - 0.002 * place, 0.003),
                "examples": [1 + 3 * place, 2 + 3 * place, 3 + 3 * place],
                "least": [31 + 3 * place, 32 + 3 * place],
            }
            for place, name in enumerate(NAMES)
        ],
        "examples": {"human": [1, 2, 4], "ai": [31, 32, 34]},
        "label_usd": "0.200000",
        "left": "40",
        **more,
    }


def store_fit(policy: RoutingPolicy, told: dict[str, Any]) -> RoutingRun:
    """Keep a fit of a policy that has told this, as if it held."""
    now = timezone.now()
    job = Job.objects.create(
        project=policy.project,
        kind=Job.Kind.ROUTE,
        state=Job.State.DONE,
        parameters={"action": "fit", "policy": policy.number},
        finished_at=now,
    )
    return RoutingRun.objects.create(
        job=job,
        policy=policy,
        kind=RoutingRun.Kind.FIT,
        n_labels=told["n_learned"],
        inputs_sha256="5e" * 32,
        figures=told,
        versions={"method": "1"},
        duration_s=11.2,
        planned_at=now,
        applied_at=now,
    )


def show_decisions(run: RoutingRun) -> None:
    """Keep the decisions that a fit gives as examples."""
    every = {"human": ("chosen", 0.7), "ai": ("rest", 0.05)}
    words = "Another judge contradicts the AI label."
    place = 0
    for source, (part, gain) in every.items():
        numbers = run.figures["examples"][source]
        found = Item.objects.filter(project=run.policy.project, number__in=numbers)
        for item in found.order_by("number"):
            place += 1
            Decision.objects.create(
                run=run,
                item=item,
                place=place,
                source=source,
                part=part,
                gain=gain,
                gain_low=gain / 2,
                gain_high=min(1.0, 1.3 * gain),
                reasons=[{"name": "judges", "words": words}],
            )
