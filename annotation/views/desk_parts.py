"""What the annotate page draws for each question: choices, steps, rows and cells.

Called by views.annotate. Knows the words and keys of the screen, and no database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from annotation import rankings
from annotation.answers import NOT_APPLICABLE, Criterion, Question
from annotation.durations import number_word
from annotation.selectors.desk import Desk, DeskCompletion
from annotation.verdicts import GRADES
from annotation.words import gettext as _
from annotation.words import ngettext

# More steps than this are a slider; a button of its own each would be too small.
MAX_BUTTONS = 11
# Buttons that fit side by side on a desk; a wider grid gets a line per completion.
MAX_COLUMNS = 20
# How so many texts lie side by side: two rows of two are better than three and one.
COLUMNS = {0: "no", 1: "one", 2: "two", 3: "three", 4: "two"}
OPEN = "–"  # noqa: RUF001  # an open mark is a dash, not a minus
_TABLES = "annotation/annotate"
# The types of the rail, each with the template that draws it.
RAIL = {
    "choice": "choice",
    "rationale": "words",
    "text": "words",
    "tags": "tags",
    "confidence": "confidence",
    "spans": "marks",
}


@dataclass(frozen=True)
class Choice:
    """One answer to a comparison: what the radio sends, its key, its words."""

    value: str
    keys: str
    cap: str
    text: str
    words: str
    side: str = ""
    pips: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A comparison's scale from A to B, and “both bad” apart from it."""

    question: Question
    scale: tuple[Choice, ...]
    both_bad: Choice | None


@dataclass(frozen=True)
class Cell:
    """One mark of a rating: a criterion for a completion."""

    criterion: Criterion
    completion: DeskCompletion


@dataclass(frozen=True)
class Row:
    """One criterion and its cells, in the presented order."""

    criterion: Criterion
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Rating:
    """A grid of criteria and completions. `is_long`: a line for every cell."""

    question: Question
    steps: tuple[int, ...]
    rows: tuple[Row, ...]
    is_slider: bool
    is_long: bool
    ends: str


@dataclass(frozen=True)
class AskedRow:
    """A row under the texts as the strip names it: what it asks, of how many."""

    name: str
    n_cells: int

    @property
    def marks(self) -> str:
        """Return the marks before any is given; strip.js writes them from then on."""
        return " · ".join(OPEN * self.n_cells) if 1 < self.n_cells < 5 else ""


@dataclass(frozen=True)
class Block:
    """One table under the texts: a rating, a choice for each completion, or
    comparisons that follow each other. `template` draws it.
    """

    template: str
    rating: Rating | None = None
    choice: Question | None = None
    comparisons: tuple[Comparison, ...] = ()

    @property
    def has_both_bad(self) -> bool:
        """Tell whether any scale has “both bad” beside it."""
        return any(part.both_bad for part in self.comparisons)

    def asked_rows(self, n_completions: int) -> tuple[AskedRow, ...]:
        """Return the rows of the table."""
        if self.rating:
            names = tuple(row.criterion.title for row in self.rating.rows)
        else:
            names = (self.choice.title,) if self.choice else ()
        compared = (part.question.title for part in self.comparisons)
        return (
            *(AskedRow(name, n_completions) for name in names),
            *(AskedRow(name, 1) for name in compared),
        )


@dataclass(frozen=True)
class Other:
    """A question in the rail, and the template that draws it."""

    question: Question
    template: str


@dataclass(frozen=True)
class Parts:
    """The questions of a desk by the place where they are asked.

    `others` and rankings lie in the rail, `blocks` under the texts, each in the order
    of the form. `is_compact` where several lie there.
    """

    title: str
    blocks: tuple[Block, ...]
    rankings: tuple[Question, ...]
    others: tuple[Other, ...]
    n_completions: int

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Return every comparison under the texts."""
        return tuple(part for block in self.blocks for part in block.comparisons)

    @property
    def ratings(self) -> tuple[Rating, ...]:
        """Return every rating."""
        return tuple(block.rating for block in self.blocks if block.rating)

    @property
    def is_compact(self) -> bool:
        """Tell whether scales shrink to rows, because several questions are asked."""
        return sum(len(block.comparisons) or 1 for block in self.blocks) > 1

    @property
    def scale(self) -> Comparison | None:
        """Return the one comparison that gets the large scale, if there is one."""
        return None if self.is_compact or not self.comparisons else self.comparisons[0]

    @property
    def has_levels(self) -> bool:
        """Tell whether a comparison asks how sure one is."""
        return any(part.question.levels for part in self.comparisons)

    @property
    def has_grid(self) -> bool:
        """Tell whether a table of rows lies under the texts."""
        return bool(self.blocks) and self.scale is None

    @property
    def asked_rows(self) -> tuple[AskedRow, ...]:
        """Return each row under the texts, from the first on."""
        return tuple(
            row for block in self.blocks for row in block.asked_rows(self.n_completions)
        )

    @property
    def is_many(self) -> bool:
        """Tell whether the rows crowd the texts out, so that one is open at a time."""
        n_rows = len(self.asked_rows)
        return self.has_grid and n_rows > 1 and (n_rows > 3 or self.n_completions > 2)

    @property
    def columns(self) -> str:
        """Return how the texts lie: "one", "two", "three" or "many"."""
        return COLUMNS.get(self.n_completions, "many")


def parts(shown: Desk) -> Parts:
    """Lay the questions of a desk out for the templates."""
    n_completions = len(shown.completions)
    return Parts(
        title=_title(shown.questions, n_completions),
        blocks=tuple(_blocks(shown)),
        rankings=tuple(
            rankings.asked(question, n_completions)
            for question in shown.questions
            if question.type == "ranking"
        ),
        others=tuple(
            Other(question, f"annotation/annotate/{RAIL[question.type]}.html")
            for question in shown.questions
            if question.type in RAIL and not question.per_completion
        ),
        n_completions=n_completions,
    )


def _blocks(shown: Desk) -> Iterator[Block]:
    run: list[Comparison] = []
    for question in shown.questions:
        if question.type == "comparison":
            # One of one or of three answers cannot be given; the page says so.
            if len(shown.completions) == 2:
                run.append(_comparison(question))
            continue
        block = _table(question, shown)
        if block is None:
            continue
        if run:
            yield Block(f"{_TABLES}/comparisons.html", comparisons=tuple(run))
        run = []
        yield block
    if run:
        yield Block(f"{_TABLES}/comparisons.html", comparisons=tuple(run))


def _table(question: Question, shown: Desk) -> Block | None:
    if question.type == "rating":
        rating = _rating(question, shown.completions)
        return Block(f"{_TABLES}/rating.html", rating=rating)
    if question.type == "choice" and question.per_completion:
        return Block(f"{_TABLES}/choices.html", choice=question)
    return None


def _title(questions: Sequence[Question], n_completions: int) -> str:
    verbs = {
        "comparison": ngettext(
            "Compare {n} answer", "Compare {n} answers", n_completions
        ),
        "ranking": ngettext("Rank {n} answer", "Rank {n} answers", n_completions),
        "rating": ngettext("Rate {n} answer", "Rate {n} answers", n_completions),
    }
    kinds = {question.type for question in questions} & set(verbs)
    judge = ngettext("Judge {n} answer", "Judge {n} answers", n_completions)
    words = verbs[kinds.pop()] if len(kinds) == 1 else judge
    return words.format(n=number_word(n_completions))


def _comparison(question: Question) -> Comparison:
    grades = GRADES[question.strength]
    n_grades = len(grades)
    left = [
        _grade("A", grade, grades, key=n_grades - grade + 1)
        for grade in range(n_grades, 0, -1)
    ]
    right = [
        _grade("B", grade, grades, key=n_grades + grade)
        for grade in range(1, n_grades + 1)
    ]
    tie = Choice("0", "= 0", "=", _("Tie"), _("A and B are equally good."))
    middle = [tie] if question.allow_tie else []
    both_bad = Choice("both_bad", "x", "x", _("Both bad"), _("Both are bad."))
    return Comparison(
        question=question,
        scale=(*left, *middle, *right),
        both_bad=both_bad if question.allow_both_bad else None,
    )


def _grade(letter: str, grade: int, grades: Sequence[str], *, key: int) -> Choice:
    words = _(grades[grade - 1])
    n_bars = 3
    # Three bars rise whatever the number of grades; the strongest fills them all.
    n_full = n_bars if grade == len(grades) else grade
    return Choice(
        value=str(grade if letter == "A" else -grade),
        keys=str(key),
        cap=str(key),
        text=_("{letter} {words}").format(letter=letter, words=words),
        words=_("{letter} is {words}.").format(letter=letter, words=words),
        side=letter.lower(),
        pips=tuple(index < n_full for index in range(n_bars)),
    )


def _rating(question: Question, completions: Sequence[DeskCompletion]) -> Rating:
    steps = tuple(range(question.low, question.high + 1))
    is_slider = len(steps) > MAX_BUTTONS
    n_columns = (len(steps) + question.allow_na) * len(completions)
    return Rating(
        question=question,
        steps=steps,
        rows=tuple(
            Row(criterion, tuple(Cell(criterion, shown) for shown in completions))
            for criterion in question.criteria
        ),
        is_slider=is_slider,
        is_long=len(completions) > 2 and (is_slider or n_columns > MAX_COLUMNS),
        ends=_ends(question),
    )


def _ends(question: Question) -> str:
    """Say where a scale runs from and to, in the words of its ends if it has some."""
    low = " ".join(filter(None, (str(question.low), question.low_label)))
    high = " ".join(filter(None, (str(question.high), question.high_label)))
    return _("{low} to {high}").format(low=low, high=high)


def payload(shown: Desk) -> dict[str, object]:
    """Return what the page's script needs besides the markup; nothing is secret."""
    n_completions = len(shown.completions)
    return {
        "id": str(shown.id),
        "state": shown.state,
        "stage": shown.stage,
        "lease_s": shown.lease_s,
        "n_completions": n_completions,
        "not_applicable": NOT_APPLICABLE,
        "questions": [
            _plain(rankings.asked(q, n_completions)) for q in shown.questions
        ],
        "alignments": [c.alignment and asdict(c.alignment) for c in shown.completions],
        "draft": None
        if shown.draft is None
        else {
            "answers": shown.draft.answers,
            "revision": shown.draft.revision,
            "active_ms": shown.draft.active_ms,
            "reading_ms": shown.draft.reading_ms,
        },
    }


# What the script checks answers by; the words of the page stand in its markup.
_PLAIN = (
    "name",
    "type",
    "title",
    "is_required",
    "strength",
    "allow_tie",
    "allow_unacceptable",
    "n_places",
    "allow_partial",
    "warn_unchanged",
    "low",
    "high",
    "min_chars",
    "max_chars",
    "per_completion",
    "is_multiline",
)


def _plain(question: Question) -> dict[str, object]:
    rules = {"show_if": question.show_if, "required_if": question.required_if}
    return {
        **{name: getattr(question, name) for name in _PLAIN},
        **{name: rule and asdict(rule) for name, rule in rules.items()},
        "criteria": [
            {"name": criterion.name, "title": criterion.title}
            for criterion in question.criteria
        ],
    }
