"""PURE: what is wrong with the entries of a survey, said at the field it belongs to."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.answers import Problem
from annotation.surveys.types import (
    DECLINED,
    LARGEST,
    MOST_CHARS,
    MOST_NUMBER,
    NOT_APPLICABLE,
    SENSITIVITIES,
    SMALLEST,
    SURVEY_TYPES,
    SurveyQuestion,
)
from annotation.words import gettext as _

MAX_NAME = 60


def malformed(raw: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Return what keeps the entries of a survey from being shown for mending at all."""
    problems = []
    for place, entry in enumerate(raw):
        path = f"survey[{place}]"
        if entry.get("type") not in SURVEY_TYPES:
            kinds = ", ".join(SURVEY_TYPES)
            problems.append(
                Problem(
                    f"{path}.type",
                    _("Type must be one of {kinds}.").format(kinds=kinds),
                )
            )
        problems += _list_types(path, entry)
    return problems


def entry_problems(path: str, raw: Mapping[str, Any]) -> list[Problem]:
    """Return the faults of one entry by itself; () lets it be read."""
    problems = [*_name_problems(path, raw), *_list_types(path, raw)]
    if problems:
        return problems
    if raw.get("sensitivity") and raw["sensitivity"] not in SENSITIVITIES:
        known = ", ".join(SENSITIVITIES)
        problems.append(
            Problem(
                f"{path}.sensitivity",
                _("Sensitivity must be one of {known}.").format(known=known),
            )
        )
    if raw["type"] in ("single", "several"):
        problems += _option_problems(path, raw)
    if raw["type"] == "sliders":
        problems += _statement_problems(path, raw)
    if raw["type"] == "number":
        problems += _number_problems(path, raw)
    if raw["type"] == "text":
        problems += _length_problems(path, raw)
        problems += _category_problems(path, raw)
    return problems


def _name_problems(path: str, raw: Mapping[str, Any]) -> list[Problem]:
    name = str(raw.get("name", ""))
    if name.isidentifier() and len(name) <= MAX_NAME:
        return []
    text = _(
        "{name!r} is not a name. Use letters, digits and _, at most {max_name}."
    ).format(name=name, max_name=MAX_NAME)
    return [Problem(f"{path}.name", text)]


def _list_types(path: str, raw: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for key in ("options", "statements", "categories", "show_if"):
        value = raw.get(key) or []
        words = (Mapping, str) if key == "options" else Mapping
        if not isinstance(value, (list, tuple)) or not all(
            isinstance(part, words) for part in value
        ):
            problems.append(
                Problem(
                    f"{path}.{key}", _("“{key}” is a list of objects.").format(key=key)
                )
            )
        elif key == "show_if" and not all(
            isinstance(rule.get("values") or [], (list, tuple)) for rule in value
        ):
            problems.append(
                Problem(f"{path}.{key}", _("“values” of a rule is a list."))
            )
    hidden = raw.get("hidden_for") or []
    if not isinstance(hidden, (list, tuple)):
        problems.append(Problem(f"{path}.hidden_for", _("“hidden_for” is a list.")))
    return problems


def _option_problems(path: str, raw: Mapping[str, Any]) -> list[Problem]:
    options = raw.get("options") or []
    title = raw.get("title") or raw.get("name")
    problems = []
    if len(options) < 2:
        problems.append(
            Problem(
                f"{path}.options", _("“{title}” needs two options.").format(title=title)
            )
        )
    seen: set[str] = set()
    for place, option in enumerate(options):
        at = f"{path}.options[{place}]"
        if isinstance(option, Mapping):
            value = str(option.get("value") or option.get("label") or "")
            at = f"{at}.{'value' if option.get('value') else 'label'}"
        else:
            value = str(option)
        if not value.strip():
            problems.append(Problem(at, _("Write what this option says.")))
        elif value in (DECLINED, NOT_APPLICABLE):
            problems.append(
                Problem(
                    at,
                    _("{value!r} is kept for the survey itself.").format(value=value),
                )
            )
        elif value in seen:
            problems.append(
                Problem(
                    at,
                    _("“{title}” offers “{value}” twice.").format(
                        title=title, value=value
                    ),
                )
            )
        seen.add(value)
    return problems


def _statement_problems(path: str, raw: Mapping[str, Any]) -> list[Problem]:
    statements = raw.get("statements") or []
    if len(statements) < 2:
        text = _("Grouped sliders need two statements. Use a slider for one.")
        return [Problem(f"{path}.statements", text)]
    problems = []
    for place, statement in enumerate(statements):
        at = f"{path}.statements[{place}]"
        name = f"{raw.get('name')}_{statement.get('name', '')}"
        if not str(statement.get("title", "")).strip():
            problems.append(
                Problem(f"{at}.title", _("Write what this statement says."))
            )
        if not statement.get("name") or not name.isidentifier() or len(name) > 55:
            text = _("{name!r} is not a short name for the data.").format(
                name=statement.get("name", "")
            )
            problems.append(Problem(f"{at}.name", text))
    return problems


def _length_problems(path: str, raw: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for key in ("min_chars", "max_chars"):
        value = raw.get(key) or 0
        if not isinstance(value, int) or not 0 <= value <= MOST_CHARS:
            text = _("Give a whole number from 0 to {most_chars:,}.").format(
                most_chars=MOST_CHARS
            )
            problems.append(Problem(f"{path}.{key}", text))
    most, least = raw.get("max_chars") or MOST_CHARS, raw.get("min_chars") or 0
    if not problems and least > most:
        text = _("The fewest characters are more than the most.")
        problems.append(Problem(f"{path}.min_chars", text))
    return problems


def _number_problems(path: str, raw: Mapping[str, Any]) -> list[Problem]:
    problems = []
    ends = raw.get("smallest", SMALLEST), raw.get("largest", LARGEST)
    for key, value in zip(("smallest", "largest"), ends, strict=True):
        if isinstance(value, bool) or not isinstance(value, int):
            problems.append(Problem(f"{path}.{key}", _("Give a whole number.")))
        elif not 0 <= value <= MOST_NUMBER:
            text = _("Give a whole number from 0 to {most_number:,}.").format(
                most_number=MOST_NUMBER
            )
            problems.append(Problem(f"{path}.{key}", text))
    if not problems and ends[0] >= ends[1]:
        text = _("The smallest number is not below the largest.")
        problems.append(Problem(f"{path}.smallest", text))
    return problems


def _category_problems(path: str, raw: Mapping[str, Any]) -> list[Problem]:
    problems = []
    seen: set[str] = set()
    for place, category in enumerate(raw.get("categories") or ()):
        value = str(category.get("value", "")).strip()
        at = f"{path}.categories[{place}].value"
        if not value:
            problems.append(Problem(at, _("Write the name of this category.")))
        elif value in seen:
            problems.append(
                Problem(at, _("“{value}” stands here twice.").format(value=value))
            )
        seen.add(value)
    return problems


# --- across the list ------------------------------------------------------------------


def list_problems(places: Sequence[tuple[str, SurveyQuestion]]) -> list[Problem]:
    """Return the faults between questions: names given twice, rules without a sense."""
    problems = []
    before: dict[str, SurveyQuestion] = {}
    for path, question in places:
        if question.name in before:
            text = _("Two questions are called {name!r}. Rename one.").format(
                name=question.name
            )
            problems.append(Problem(f"{path}.name", text))
        if len(question.name) > MAX_NAME:
            text = _("{name!r} is too long a name. Use a shorter one.").format(
                name=question.name
            )
            problems.append(Problem(f"{path}.name", text))
        if not question.companion_of and not (
            question.group and _has_group(before, question.group)
        ):
            problems += _rule_problems(path, question, before)
        before[question.name] = question
    return problems


def _has_group(before: Mapping[str, SurveyQuestion], group: str) -> bool:
    return any(question.group == group for question in before.values())


def _rule_problems(
    path: str, question: SurveyQuestion, before: Mapping[str, SurveyQuestion]
) -> list[Problem]:
    problems = []
    for place, rule in enumerate(question.show_if):
        at = f"{path}.show_if[{place}]"
        asked = before.get(rule.question)
        if asked is None or asked.type not in ("single", "several"):
            text = _("{question!r} is not a choice asked before.").format(
                question=rule.question
            )
            problems.append(Problem(f"{at}.question", text))
            continue
        known = {*asked.options, DECLINED, NOT_APPLICABLE}
        strange = [value for value in rule.values if value not in known]
        # What nobody can choose does no harm in a rule that wants it not chosen.
        if strange and rule.is_any_of:
            text = _("“{title}” does not offer “{strange}”.").format(
                title=asked.title, strange=strange[0]
            )
            problems.append(Problem(f"{at}.values", text))
        elif not rule.values:
            problems.append(Problem(f"{at}.values", _("Choose at least one answer.")))
    return problems
