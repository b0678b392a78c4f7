"""Every word of a template or a script is marked, so that it can be translated."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.unmarked import Found, in_script, in_template

ROOT = Path(__file__).resolve().parents[2]
APPS = ("annotation", "models_service", "routing")
HOW = "Mark them: docs/ARCHITECTURE.md, “Words in other languages”."

# Included inside a tag: attributes alone, without an element.
FRAGMENTS = {
    "annotation/people/at.html",
    "annotation/people/field_marks.html",
    "annotation/people/survey_data.html",
}
# The same in every language.
NAMES = {
    "Polyphony": "the product",
    "CSV": "a type of file",
    "· Polyphony": "the product, after the title of a page",
    "ABCD-EFGH-JKLM": "the shape of a code",
    # Names of keys, as the browser gives them.
    **dict.fromkeys(("ArrowDown", "ArrowUp", "Arrow", "Backspace", "Delete"), "a key"),
    **dict.fromkeys(("Enter", "Escape", "Tab"), "a key"),
    **dict.fromkeys(("Content-Type", "Date", "If-None-Match"), "a header of HTTP"),
    "BroadcastChannel": "what a browser can do",
    **dict.fromkeys(
        ("textarea, input", "input, textarea", "legend, label"), "elements"
    ),
}


def unmarked() -> Iterator[tuple[Path, Found]]:
    """Yield what is not marked, with its file."""
    for app in APPS:
        templates, scripts = ROOT / app / "templates", ROOT / app / "static" / app
        for path in sorted(templates.rglob("*.*")):
            if str(path.relative_to(templates)) not in FRAGMENTS:
                yield from ((path, one) for one in in_template(path.read_text("utf-8")))
        for path in sorted(scripts.rglob("*.js")):
            yield from ((path, one) for one in in_script(path.read_text("utf-8")))


def test_every_word_of_templates_and_scripts_is_marked() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{one.line} {one.words}"
        for path, one in unmarked()
        if one.words not in NAMES
    ]
    assert not found, "\n".join([HOW, *found])


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("<p>\nHello there</p>", 2, "Hello there"),
        ('<a title="Open it" href="/x">{{ name }}</a>', 1, "Open it"),
        ("{% if a %}yes{% endif %}", 1, "yes"),
        ('{{ a|default:"Nothing yet" }}', 1, "Nothing yet"),
        ('{% include "b.html" with label="What it is" %}', 1, "What it is"),
        ('<b>{% translate "One" %}</b> of\n two', 1, "of"),
    ],
)
def test_words_of_a_template_are_found(source: str, line: int, words: str) -> None:
    assert next(in_template(source)) == Found(line, words)


@pytest.mark.parametrize(
    "source",
    [
        '{% translate "Hello" %} {{ name }} <kbd>Enter</kbd>',
        "{% blocktranslate count n=n %}item{% plural %}items{% endblocktranslate %}",
        '<a title="{% translate "Open it" %}" class="btn btn-main">→</a>',
        '{{ a|default:_("Nothing yet") }}{# A note. #}',
        '{% include "b.html" with name="tick" label=_("What it is") %}',
    ],
)
def test_marked_template_is_clean(source: str) -> None:
    assert list(in_template(source)) == []


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ('// A note.\nsay("Not yet.");', 2, "Not yet."),
        ("say(`${n} items left`);", 1, "… items left"),
        ('say(isOn ? gettext("On") : "Off");', 1, "Off"),
        ("const test = /\"/; say('Go there');", 1, "Go there"),
    ],
)
def test_words_of_a_script_are_found(source: str, line: int, words: str) -> None:
    assert next(in_script(source)) == Found(line, words)


@pytest.mark.parametrize(
    "source",
    [
        'say(gettext("Not yet."));',
        'ngettext("{n} item left", "{n} items left", n)',
        'one(`[data-cell="${name}"] input`, root)',
        'button.className = "btn btn-small";',
        'import { toast } from "../js/base.js";',
        "/* Words in a note. */ // And here.",
    ],
)
def test_marked_script_is_clean(source: str) -> None:
    assert list(in_script(source)) == []
