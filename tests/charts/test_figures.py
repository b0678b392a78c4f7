"""Each figure is an SVG of its own: the data's words, both themes, nothing outside."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from annotation.charts import (
    DayLabels,
    DayProgress,
    FirstShare,
    PersonShare,
    Theme,
    labels_per_day,
    position_bias,
    progress_over_time,
    shares_by_person,
    time_per_item,
)

SVG = "{http://www.w3.org/2000/svg}"
DAYS = [date(2026, 11, 2) + timedelta(days=index) for index in range(5)]
TITLE = "People & judges <agree>."


def labels(title: str, theme: Theme) -> str:
    rows = [DayLabels(day, 10 + index, 4) for index, day in enumerate(DAYS)]
    return labels_per_day(rows, title=title, theme=theme)


def progress(title: str, theme: Theme) -> str:
    rows = [DayProgress(day, 3) for day in DAYS]
    return progress_over_time(rows, n_items=1200, title=title, theme=theme)


def times(title: str, theme: Theme) -> str:
    return time_per_item([20.0, 95.0, 125.0], title=title, theme=theme)


def places(title: str, theme: Theme) -> str:
    rows = [
        FirstShare("People", 0.53, 0.49, 0.57, 812, is_machine=False),
        FirstShare("A & B <judge>", 0.62, 0.55, 0.69, 1214, is_machine=True),
    ]
    return position_bias(rows, title=title, theme=theme)


def people(title: str, theme: Theme) -> str:
    rows = [
        PersonShare("brisk-heron", 0.9, 0.8, 0.95, 40, is_few=False),
        PersonShare("calm-otter", 0.5, 0.1, 0.9, 2, is_few=True),
    ]
    return shares_by_person(
        rows, together=0.88, x_title="Right at gold", title=title, theme=theme
    )


Draw = Callable[[str, Theme], str]
WORDS: list[tuple[Draw, set[str]]] = [
    (labels, {"Human", "AI", "2 Nov", "6 Nov", "Labels"}),
    (progress, {"All 1,200 items", "Finished items", "6 Nov"}),
    (times, {"Median 1 min 35 s", "Answers", "Time per item"}),
    (people, {"brisk-heron (40)", "calm-otter (2)", "Right at gold", "50%"}),
    (places, {"People (812)", "A & B <judge> (1,214)", "50%"}),
]
EACH = pytest.mark.parametrize("draw", [draw for draw, _ in WORDS])


def words_in(svg: str) -> set[str]:
    return {
        "".join(e.itertext()) for e in ElementTree.fromstring(svg).iter(f"{SVG}text")
    }


@pytest.mark.parametrize(("draw", "words"), WORDS)
def test_figure_holds_its_title_and_the_words_of_its_data(
    draw: Draw, words: set[str]
) -> None:
    found = words_in(draw(TITLE, "light"))
    assert words | {TITLE} <= found


@EACH
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figure_refers_to_nothing_outside(draw: Draw, theme: Theme) -> None:
    for element in ElementTree.fromstring(draw(TITLE, theme)).iter():
        assert element.tag.removeprefix(SVG) not in {"image", "script", "style", "use"}
        assert "style" not in element.attrib
        for value in element.attrib.values():
            assert "//" not in value
            assert "url(" not in value or value == "url(#hatch)"


@EACH
def test_figure_has_no_background(draw: Draw) -> None:
    root = ElementTree.fromstring(draw(TITLE, "light"))
    assert root.find(f"{SVG}rect") is None


@EACH
def test_figure_of_the_dark_theme_has_light_ink(draw: Draw) -> None:
    light, dark = draw(TITLE, "light"), draw(TITLE, "dark")
    assert "#1c1e23" in light
    assert "#eceae6" in dark
    assert "#1c1e23" not in dark


@EACH
def test_same_data_give_the_same_bytes(draw: Draw) -> None:
    assert draw(TITLE, "dark") == draw(TITLE, "dark")


def test_machines_are_hatched_and_people_solid() -> None:
    svg = labels(TITLE, "light")
    bars = [
        element.get("fill")
        for element in ElementTree.fromstring(svg).iter(f"{SVG}path")
        if element.get("aria-roledescription") == "bar"
    ]
    assert sorted(filter(None, bars)) == ["#b8671c"] * 5 + ["url(#hatch)"] * 5


def test_a_project_without_machines_shows_no_sign_of_them() -> None:
    svg = labels_per_day([DayLabels(DAYS[0], 3, 0)], title=TITLE)
    assert "AI" not in words_in(svg)
    assert "hatch" not in svg


@pytest.mark.parametrize(
    "svg",
    [
        lambda: labels_per_day([], title=TITLE),
        lambda: progress_over_time([], n_items=0, title=TITLE),
        lambda: time_per_item([], title=TITLE),
        lambda: position_bias([], title=TITLE),
    ],
)
def test_no_data_give_an_empty_figure(svg: Callable[[], str]) -> None:
    assert TITLE in words_in(svg())


def test_importing_the_figures_loads_no_drawing_library() -> None:
    code = "import annotation.charts, sys; print(*sys.modules, sep=',')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"altair", "vl_convert"} & set(done.stdout.strip().split(","))
