"""The filters that make words for pages."""

from datetime import UTC, datetime

import pytest

from annotation.templatetags.figures import local, speaker

MOMENT = datetime(2026, 3, 5, 9, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("date", "5 March 2026"), ("datetime", "5 March, 09:07"), ("time", "09:07")],
)
def test_a_moment_is_an_element_that_the_browser_localises(
    kind: str, words: str
) -> None:
    assert local(MOMENT, kind) == (
        f'<time datetime="2026-03-05T09:07:00+00:00" data-local="{kind}">{words}</time>'
    )


def test_no_moment_is_nothing() -> None:
    assert local(None, "date") == ""


def test_the_speakers_of_a_conversation_have_headings() -> None:
    assert speaker("assistant") == "Assistant"
    assert speaker("tool") == "Tool"
