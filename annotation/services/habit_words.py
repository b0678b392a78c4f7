"""Step analyse: what the charts of how people answer find, say and show.

Called by services.charts in a worker. A chart never names a person in its title: it is
a reason to look, not a verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.agreement import wilson_interval
from annotation.charts import PersonShare, Theme, shares_by_person
from annotation.selectors.charts import HABIT
from annotation.selectors.habit_signs import FLOOR, Part, Signs
from annotation.services.chart_words import Drawing, drawing
from annotation.words import gettext as _
from annotation.words import gettext_noop, ngettext

MAX_DRAWN = 40


@dataclass(frozen=True)
class _Measure:
    """One of the shares that are drawn: its name in Signs, and its words."""

    name: str
    axis: str
    at: str
    about: str


MEASURES = (
    _Measure(
        "gold",
        gettext_noop("Right at gold"),
        gettext_noop("at gold"),
        gettext_noop("Answers to silent gold and attention checks that are as known."),
    ),
    _Measure(
        "repeats",
        gettext_noop("Same choice when mirrored"),
        gettext_noop("when a pair is mirrored"),
        gettext_noop(
            "Repeats of a pair with its sides swapped that chose the same as before."
        ),
    ),
    _Measure(
        "others",
        gettext_noop("As most of the others"),
        gettext_noop("in agreeing with the others"),
        gettext_noop(
            "Items on which the person chose what most of the others did; their "
            "own answer is not among those it is held against. Where the others "
            "are divided, the item does not count. Taste differs: low is not "
            "wrong."
        ),
    ),
)
HOW = gettext_noop(
    "95 % intervals (Wilson's); hollow: fewer than five answers. The line is "
    "the share of all of them. About one in forty lies below it by chance "
    "alone."
)


def habit_drawings(people: Sequence[Signs]) -> list[Drawing]:
    """Draw each share that anybody has, those whose interval ends lowest first."""
    found = []
    for measure in MEASURES:
        parts = [(one.pseudonym, getattr(one, measure.name)) for one in people]
        shown = [(name, part) for name, part in parts if part[1]]
        if shown:
            found.append(_draw(measure, shown))
    return found


def _draw(measure: _Measure, parts: Sequence[tuple[str, Part]]) -> Drawing:
    rows = sorted((_row(*one) for one in parts), key=lambda row: (row.high, row.name))
    said = dict(parts)
    hits, total = (sum(part[k] for _, part in parts) for k in (0, 1))
    together = hits / total
    caption = [_(measure.about), _(HOW)]
    if len(rows) > MAX_DRAWN:
        caption.append(_("The {n} lowest are drawn.").format(n=MAX_DRAWN))
    words = {
        "title": _title(measure, rows, together),
        "caption": " ".join(caption),
        "columns": [
            _("Annotator"),
            _("Hits"),
            _("Of"),
            _(measure.axis),
            _("95% interval"),
        ],
        "rows": [
            [
                row.name,
                f"{said[row.name][0]:,}",
                f"{row.n:,}",
                f"{row.share:.0%}",
                _("{low:.0%} to {high:.0%}").format(low=row.low, high=row.high),
            ]
            for row in rows
        ],
    }

    def draw(title: str, theme: Theme) -> str:
        return shares_by_person(
            rows[:MAX_DRAWN],
            together=together,
            x_title=_(measure.axis),
            title=title,
            theme=theme,
        )

    return drawing(f"{HABIT}{measure.name}", words, draw)


def _row(name: str, part: Part) -> PersonShare:
    interval = wilson_interval(*part)
    return PersonShare(
        name=name,
        share=interval.value,
        low=interval.low,
        high=interval.high,
        n=part[1],
        is_few=part[1] < FLOOR,
    )


def _title(measure: _Measure, rows: Sequence[PersonShare], together: float) -> str:
    told = [row for row in rows if not row.is_few]
    if not told:
        return _("Too few answers to tell people apart {at}").format(at=_(measure.at))
    n_low = sum(row.high < together for row in told)
    values = {"together": f"{together:.0%}", "at": _(measure.at)}
    if not n_low:
        return _("Nobody is seen to lie below the {together} of all {at}").format(
            **values
        )
    return ngettext(
        "{n} of {n_told} lies below the {together} of all {at}",
        "{n} of {n_told} lie below the {together} of all {at}",
        n_low,
    ).format(n=n_low, n_told=len(told), **values)
