"""PURE: what the card says of a data set with one label for each item."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from annotation.formats.exports.hybrid import HybridCounts
from annotation.formats.exports.hybrid_policy import ITEM_REASONS
from annotation.formats.exports.policy import REASONS

SOURCES = {"human": "people", "ai": "AI annotator"}
WEIGHTS = (
    "`ipw` is 1 / `route_propensity` where people's label is complete and the item was "
    "drawn by lot: of the parts `seed`, `audit` and `reserve`. The weighted mean "
    "sum(ipw * x) / sum(ipw) over the rows of one `route_policy` that have it tells of "
    "all items of the policy's pool, such as how often `ai_label` is `people_label`; "
    "so does that over some of these parts alone, so leaving the audit out does no "
    "harm. What was chosen for its gain has no weight: it is what the AI was expected "
    "to get wrong, and tells of itself alone. Neither has an item that somebody "
    "decided on by hand, that no policy did, or whose label is incomplete. Where an "
    "item has several rows, take one of them."
)
MACHINES = ("AI annotator", "Items", "Kind", "Model", "Prompt (SHA-256)", "Parameters")
Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def item_reasons(left_out: Mapping[str, int]) -> dict[str, int]:
    """Return how many items are in no row, by the words of the reason."""
    return {
        ITEM_REASONS.get(reason) or REASONS[reason]: n
        for reason, n in sorted(left_out.items())
        if n
    }


def hybrid_sections(counts: HybridCounts, table: Table) -> Iterator[str]:
    """Yield the paragraphs of the section on the labels."""
    yield "## Labels"
    yield "Each item is counted once: with its label, or left out."
    rows = [
        (f"label by {SOURCES[source]}, part `{part}`", f"{n:,}")
        for (source, part), n in sorted(counts.by_source.items(), reverse=True)
    ]
    rows += [
        (f"left out: {words}", f"{n:,}")
        for words, n in item_reasons(counts.left_out).items()
    ]
    yield table(("Items", "Number"), rows)
    if counts.n_audit:
        yield (
            f"Items of the audit in it: {counts.n_audit:,}, with `split` = `audit`. "
            "Keep them out of what is trained on, and measure with them."
        )
    if counts.machines:
        yield "Labels by AI annotators:"
        yield table(
            (
                "AI annotator",
                "Items",
                "Kind",
                "Model",
                "Prompt (SHA-256)",
                "Parameters",
            ),
            [
                (
                    f"`{identity}`",
                    f"{n:,}",
                    machine.kind,
                    machine.model,
                    machine.prompt_sha256,
                    f"`{machine.parameters}`",
                )
                for identity, (machine, n) in sorted(counts.machines.items())
            ],
        )
    for policy in counts.policies:
        yield (
            f"Routing policy {policy.number}: {policy.words}. Fits applied: "
            f"{policy.n_fits:,}."
        )
    if counts.policies:
        yield WEIGHTS
