"""PURE: the card that lies beside a data set: what it is, how it was made, the counts.

Its head is YAML as the Hugging Face hub and its library read it, with the type of
every column, so that all file types load alike.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from annotation.consent import CLASSES
from annotation.formats.exports.catalogue import Format
from annotation.formats.exports.hybrid import HybridCounts
from annotation.formats.exports.hybrid_card import hybrid_sections
from annotation.formats.exports.options import ExportOptions, describe
from annotation.formats.exports.policy import REASONS, Tally
from annotation.formats.exports.types import TEXT, Column, Kind, ListOf, Version

SCHEMA_VERSION = 1
# The hub's bands: from this many rows on.
SIZES = (
    (1_000_000_000, "n>1B"),
    (100_000_000, "100M<n<1B"),
    (10_000_000, "10M<n<100M"),
    (1_000_000, "1M<n<10M"),
    (100_000, "100K<n<1M"),
    (10_000, "10K<n<100K"),
    (1_000, "1K<n<10K"),
    (0, "n<1K"),
)
LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True)
class WrittenTable:
    """One table of the data set, called a configuration by the loader."""

    name: str
    about: str
    columns: tuple[Column, ...]
    n_rows: int
    path: str


@dataclass(frozen=True)
class Text:
    """A numbered version of the guidelines."""

    number: int
    text: str


@dataclass(frozen=True)
class Consent(Text):
    """A version of the consent document, with what it asks people to agree to."""

    scopes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class CardFacts:
    """Everything the card tells. `creators`: "human", "machine" or both."""

    project: str
    description: str
    form: Format
    options: ExportOptions
    tables: Sequence[WrittenTable]
    answers: Tally
    people: Tally
    skips: Tally
    flags: Tally
    creators: Collection[str]
    languages: Sequence[str]
    versions: Sequence[Version]
    guidelines: Sequence[Text]
    consents: Sequence[Consent]
    hybrid: HybridCounts | None = None


def write_card(facts: CardFacts) -> str:
    """Return the card, Markdown under a YAML head."""
    head = yaml.safe_dump(
        _head(facts), sort_keys=False, allow_unicode=True, default_flow_style=False
    )
    body = "\n\n".join(
        part for section in SECTIONS for part in section(facts) if part.strip()
    )
    return f"---\n{head}---\n\n{body}\n"


# --- head -------------------------------------------------------------------------


def _head(facts: CardFacts) -> dict[str, Any]:
    n_rows = max((table.n_rows for table in facts.tables), default=0)
    words = {
        "human": "crowdsourced",
        "adjudication": "expert-generated",
        "machine": "machine-generated",
    }
    creators = [word for who, word in words.items() if who in facts.creators]
    loadable = [table for table in facts.tables if table.n_rows]
    head: dict[str, Any] = {
        "pretty_name": facts.project,
        "license": "other",
        "license_name": "not-stated",
        "language": [one for one in facts.languages if LANGUAGE.fullmatch(one)],
        "tags": ["human-feedback", *facts.form.tags, "polyphony"],
        "annotations_creators": creators or ["no-annotation"],
        "size_categories": [next(name for n, name in SIZES if n_rows >= n)],
        "configs": [
            {
                "config_name": table.name,
                **({"default": True} if table is loadable[0] else {}),
                "data_files": [{"split": "train", "path": table.path}],
            }
            for table in loadable
        ],
        "dataset_info": [
            {
                "config_name": table.name,
                "features": _features(table.columns, facts.options.file_type),
            }
            for table in loadable
            if table.columns
        ],
    }
    return {name: value for name, value in head.items() if value}


def _features(columns: Sequence[Column], file_type: str) -> list[dict[str, Any]]:
    return [
        {"name": column.name, **_feature(_kind_in(column.kind, file_type))}
        for column in columns
    ]


def _kind_in(kind: Kind, file_type: str) -> Kind:
    return TEXT if file_type == "csv" and not isinstance(kind, str) else kind


def _feature(kind: Kind) -> dict[str, Any]:
    if isinstance(kind, str):
        return {"dtype": kind}
    if isinstance(kind, ListOf):
        inner = _feature(kind.kind)
        if set(inner) == {"dtype"}:
            return {"list": inner["dtype"]}
        # A list of objects names its fields at once, a list of lists nests.
        return {"list": inner.get("struct", inner)}
    fields = [{"name": name, **_feature(part)} for name, part in kind.fields]
    return {"struct": fields}


# --- body -------------------------------------------------------------------------


def _summary(facts: CardFacts) -> Iterator[str]:
    yield f"# {facts.project}"
    yield facts.description
    yield (
        f"{facts.form.title}. {facts.form.help} Exported from Polyphony, a platform "
        f"for human preferences about AI answers; schema version {SCHEMA_VERSION}."
    )
    if facts.form.kinds:
        yield (
            "Stored answers count completions from 0 in the stored order, whatever the "
            "order on the screen was; the columns on order and position say how they "
            "were shown."
        )


def _terms(facts: CardFacts) -> Iterator[str]:
    yield "## Terms"
    yield (
        "The project has not stated a licence. Prompts, model outputs and annotations "
        "can stand under different terms; ask the people behind the project before "
        "passing the data on."
    )
    yield (
        "People appear under pseudonyms that hold in this export only; items and "
        "answers keep their ids in every export of the project. Do not try to find out "
        "who the people are. Free text may hold personal data and harmful content, "
        "since people and models wrote it."
    )


def _rows(facts: CardFacts) -> Iterator[str]:
    yield "## Tables"
    yield _table(
        ("Configuration", "Rows", "File", "What a row is"),
        [
            (f"`{t.name}`", f"{t.n_rows:,}", f"`{t.path}`", t.about)
            for t in facts.tables
        ],
    )
    if any(not table.n_rows for table in facts.tables):
        yield "Tables without a row are not listed as configurations."
    if facts.options.file_type == "csv":
        yield (
            "In the CSV files, a text that a spreadsheet would take for a formula "
            "(beginning with `=`, `+`, `-`, `@`, a tab or a carriage return, also "
            "after quotes) has one `'` in front; take it away to get the text back. "
            "Lists and objects are JSON. An empty cell is a missing value or an empty "
            "text. The files are UTF-8 without a byte order mark."
        )


def _policy(facts: CardFacts) -> Iterator[str]:
    yield "## Policy"
    sentences = describe(facts.options, facts.form.options)
    yield "\n".join(f"- {sentence}" for sentence in sentences)


def _counts(facts: CardFacts) -> Iterator[str]:
    yield "## Counts"
    yield "Every stored answer is counted once: stored = exported + dropped."
    yield _tally("Answers", facts.answers)
    if facts.answers.n_adjudicated:
        yield (
            "Items settled by the team, on which its answer stands for those of "
            f"people: {facts.answers.n_adjudicated:,}. It is no stored answer."
        )
    if facts.answers.n_seen:
        yield (
            "Answers among the exported ones that were given after a machine's verdict "
            f"on the item was seen: {facts.answers.n_seen:,}. Verdicts shown pull "
            "answers towards them, so these are no evidence of how far people agree "
            "with that machine, or with each other."
        )
    if facts.answers.parts:
        yield (
            "An answer can hold several parts, such as the pairs of a ranking. Each is "
            "counted once too; an answer is dropped if none of its parts is used, "
            "under the reason of its first part."
        )
        parts = Tally(facts.answers.parts, facts.answers.used, facts.answers.left_out)
        yield _tally("Parts of answers", parts, ("in all", "used", "left out"))
    if facts.people.stored:
        yield _tally("People", facts.people)
    if facts.skips.stored or facts.flags.stored:
        yield (
            "Skips and flags are no answers; each is counted once apart from them, in "
            "the same way."
        )
        yield _tally("Skips", facts.skips)
        yield _tally("Flags", facts.flags)
    yield from _withheld(facts)


def _labels(facts: CardFacts) -> Iterator[str]:
    if facts.hybrid is not None:
        yield from hybrid_sections(facts.hybrid, _table)


def _withheld(facts: CardFacts) -> Iterator[str]:
    """Account for what is left out of the rows that are there."""
    rows = [
        (f"{whose}: {CLASSES[name]}", f"{tally.withheld[name]:,}")
        for whose, tally in (
            ("answers", facts.answers),
            ("people", facts.people),
            ("skips", facts.skips),
            ("flags", facts.flags),
        )
        for name in CLASSES
        if tally.withheld[name]
    ]
    if rows:
        yield (
            "What a person did not agree to release is withheld: the cell is empty, "
            "and an answer to the profile survey has the state `withheld`. Exported, "
            "but without:"
        )
        yield _table(("Withheld", "Number"), rows)


def _tally(
    title: str,
    tally: Tally,
    words: Sequence[str] = ("stored", "exported", "dropped"),
) -> str:
    stored, exported, dropped = words
    rows = [(stored, f"{tally.stored:,}"), (exported, f"{tally.exported:,}")]
    rows += [
        (f"{dropped}: {REASONS[reason]}", f"{tally.dropped[reason]:,}")
        for reason in REASONS
        if tally.dropped[reason]
    ]
    return _table((title, "Number"), rows)


def _codebook(facts: CardFacts) -> Iterator[str]:
    yield "## Columns"
    for table in facts.tables:
        if table.columns:
            yield f"### `{table.name}`"
            yield _table(
                ("Column", "Type", "Meaning"),
                [(f"`{c.name}`", _words(c.kind), c.about) for c in table.columns],
            )


def _words(kind: Kind) -> str:
    if isinstance(kind, ListOf):
        return f"list of {_words(kind.kind)}"
    return kind if isinstance(kind, str) else "object"


def _questions(facts: CardFacts) -> Iterator[str]:
    yield "## Questions"
    for version in facts.versions:
        yield f"### Questions version {version.number} ({version.purpose})"
        raw = [dict(question) for question in version.raw]
        yield _fenced(json.dumps(raw, ensure_ascii=False, indent=1), "json")


def _texts(facts: CardFacts) -> Iterator[str]:
    for title, texts in (
        ("Guidelines", facts.guidelines),
        ("Consent", facts.consents),
    ):
        found = [text for text in texts if text.text.strip()]
        if found:
            yield f"## {title}"
        for text in found:
            yield f"### {title} version {text.number}"
            yield _fenced(text.text, "markdown")
            yield "\n".join(_scopes(text))


def _scopes(text: Text) -> Iterator[str]:
    for scope in text.scopes if isinstance(text, Consent) else ():
        need = "needed to take part" if scope.get("is_required") else "a choice"
        covers = [CLASSES[name] for name in scope.get("covers") or ()]
        about = f" Covers: {', '.join(covers)}." if covers else ""
        words = " ".join(str(scope["text"]).split())
        yield f"- `{scope['name']}` ({need}): {words}.{about}"


SECTIONS = (
    _summary,
    _terms,
    _rows,
    _policy,
    _labels,
    _counts,
    _codebook,
    _questions,
    _texts,
)


def _fenced(text: str, language: str) -> str:
    """Return a code block that the text itself cannot end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([str(c).replace("|", "\\|").replace("\n", " ") for c in r] for r in lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def reason_words(reasons: Mapping[str, int]) -> dict[str, int]:
    """Return counts by the words of their reason, for a page."""
    return {REASONS[reason]: n for reason, n in reasons.items() if n}
