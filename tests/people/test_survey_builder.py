"""The survey builder: every change without JSON, each problem at its field."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.models import Project, Role
from annotation.people_templates import PEOPLE_TEMPLATES
from annotation.services.participants import ensure_participant, take_part
from annotation.surveys import DECLINED, parse_survey, read_replies
from annotation.surveys.drafting import MAX_QUESTIONS, DraftSection, SurveyDraft
from tests.factories import make_member, make_project
from tests.people.conftest import LogIn

SINGLE = {
    "name": "use",
    "type": "single",
    "title": "Use?",
    "options": ["Often", "Never"],
}
TEXT = {"name": "why", "type": "text", "title": "Why?"}
RULED = {
    **TEXT,
    "show_if": [{"question": "use", "is": "any_of", "values": ["Often"]}],
}


class Builder:
    """The builder as a person works with it: its form goes along from page to page."""

    def __init__(self, client: Client, project: Project) -> None:
        self.client = client
        self.address = reverse("settings_survey", args=[project.slug])
        self.context: Any = client.get(self.address).context
        self.status = 200

    def fields(self) -> dict[str, Any]:
        """Return what the form on the page would send."""
        outline = self.context["outline"]
        sent: dict[str, Any] = {"draft": self.context["draft"]}
        sent["removed"] = self.context["removed"]
        for part in outline.parts:
            if part.is_open:
                sent |= {"open_section": part.place, "section_title": part.title}
                sent["section_help"] = part.help
            for line in part.lines:
                if line.card:
                    sent |= {"open_entry": line.place, **self._card(line)}
        return sent

    def _card(self, line: Any) -> dict[str, Any]:
        sent: dict[str, Any] = {"open.n": 1, "open[0].type": line.kind.type}
        sent |= _fields_of(line.card.fields)
        sent["rule"] = [one.name for one in line.earlier]
        for one in line.earlier:
            sent[f"rule.{one.name}.is"] = "none_of" if one.is_none_of else "any_of"
            sent[f"rule.{one.name}.values"] = [v for v, _, on in one.values if on]
        sent["needs_all"] = "all" if line.needs_all else "one"
        return sent

    def press(self, do: str, **typed: Any) -> None:
        """Type into fields and press a button; dots stand for [0]. in their names."""
        sent = self.fields() | {"do": do}
        for name, value in typed.items():
            key = name if name in sent or "__" not in name else _key(name)
            if value is None:
                sent.pop(key, None)
            else:
                sent[key] = value
        answer = self.client.post(self.address, sent, follow=True)
        self.status, self.context = answer.status_code, answer.context
        self.html = answer.content.decode()

    @property
    def survey(self) -> list[dict[str, Any]]:
        return list(json.loads(self.context["json"]))


def _key(name: str) -> str:
    """Turn open__options__1__label into open[0].options[1].label."""
    first, *parts = name.split("__")
    key = f"{first}[0]" if first == "open" else first
    for part in parts:
        key += f"[{part}]" if part.isdecimal() else f".{part}"
    return key


def _fields_of(fields: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for field in fields:
        if field.spec.kind == "cards":
            sent[f"{field.id}.n"] = len(field.cards.cards)
            for card in field.cards.cards:
                sent |= _fields_of(card.fields)
        elif field.spec.kind != "tick":
            sent[field.id] = "" if field.value is None else field.value
        elif field.value:
            sent[field.id] = "on"
    return sent


@pytest.fixture
def empty(db: None) -> Project:
    """A project that asks nothing about people yet."""
    return make_project(people="none")


@pytest.fixture
def builder(empty: Project, log_in: LogIn) -> Builder:
    """The builder of a survey without questions."""
    return Builder(log_in(empty.created_by), empty)


def test_a_survey_is_built_without_json(builder: Builder, empty: Project) -> None:
    builder.press("open:sections:0")
    builder.press("close", section_title="Your use", section_help="In a week.")
    builder.press("add:sections[0]:several")
    builder.press(
        "paste",
        open__title="What for?",
        open__is_shuffled="on",
        pasted="Work\nPlay\nOther\nNone of these",
    )
    builder.press(
        "add:sections[0]:text",
        open__options__2__has_text="on",
        open__options__2__is_last="on",
        open__options__3__is_exclusive="on",
        open__options__3__is_last="on",
    )
    builder.press(
        "look",
        open__title="Tell more",
        open__min_chars="5",
        open__max_chars="900",
        open__is_long="on",
        open__sensitivity="special",
        **{"rule.what_for.values": ["Work", "Play"]},
    )
    builder.press("add:sections[0]:sliders")
    builder.press(
        "paste", open__title="It matters that …", pasted="it is true\nit is brief"
    )
    builder.press("save")
    assert builder.status == 200
    stored = empty.survey_versions.latest("number").questions
    survey = parse_survey(stored)
    names = ["what_for", "what_for_other_text", "tell_more"]
    assert [question.name for question in survey][:3] == names
    assert survey[0].options == ("Work", "Play", "Other", "None of these")
    assert survey[0].choices[3].is_exclusive
    assert (survey[0].section, survey[0].section_help) == ("Your use", "In a week.")
    told = survey[2]
    assert (told.min_chars, told.max_chars, told.is_long) == (5, 900, True)
    assert told.sensitivity == "special"
    assert told.show_if[0].values == ("Work", "Play")
    assert [q.title for q in survey[3:]] == ["it is true", "it is brief"]


def test_questions_and_sections_move_double_and_go(builder: Builder) -> None:
    for title in ("One", "Two"):
        builder.press("add:sections[0]:country")
        builder.press("close", open__title=title)
    builder.press("up:survey:1")
    assert [entry["title"] for entry in builder.survey] == ["Two", "One"]
    builder.press("copy:survey:0")
    assert [entry["name"] for entry in builder.survey] == ["two", "two_2", "one"]
    builder.press("add:sections:")
    builder.press("close", section_title="Later")
    builder.press("down:survey:2")
    assert builder.survey[2]["section"] == "Later"
    builder.press("up:sections:1")
    assert builder.survey[0]["title"] == "One"
    builder.press("copy:sections:0")
    assert [entry["name"] for entry in builder.survey][:2] == ["one", "one_2"]
    builder.press("remove:sections:0")
    builder.press("remove:survey:1")
    assert [entry["name"] for entry in builder.survey] == ["one_2", "two_2"]


def test_number_of_thousands_of_digits_opens_nothing(builder: Builder) -> None:
    for name in ("open_entry", "open_section"):
        builder.press("open:0", **{name: "9" * 5000})
        assert builder.status == 200


def test_what_is_removed_comes_back_at_its_place(builder: Builder) -> None:
    for title in ("One", "Two", "Three"):
        builder.press("add:sections[0]:country")
        builder.press("close", open__title=title)
    builder.press("add:sections:")
    builder.press("close", section_title="Later")
    before = builder.context["draft"]
    for button in ("remove:survey:1", "remove:survey:2", "remove:sections:0"):
        builder.press(button)
        assert builder.context["draft"] != before
        assert builder.context["focus"] == "edit.undo"
        builder.press("undo")
        assert builder.context["draft"] == before
        assert builder.context["removed"] == ""
    builder.press("remove:sections:1")
    builder.press("remove:sections:0")
    builder.press("undo")
    titles = [section["title"] for section in json.loads(builder.context["draft"])]
    assert titles == ["About you"]


def test_the_focus_goes_back_to_what_was_opened(builder: Builder) -> None:
    builder.press("add:sections:")
    builder.press("close", section_title="Later")
    assert builder.context["focus"] == "sections[1].open"
    assert 'id="sections[1].open" autofocus' in builder.html
    builder.press("add:sections[0]:country")
    builder.press("close", open__title="One")
    assert builder.context["focus"] == "survey[0].open"


def test_equal_sections_are_told_apart() -> None:
    first, empty, last = (DraftSection(entries=[{**TEXT}] * n) for n in (1, 0, 1))
    assert first == last
    draft = SurveyDraft([first, empty, last])
    assert draft.move(1, -1) == 1
    assert [len(section.entries) for section in draft.sections] == [1, 1, 0]


def test_a_full_survey_grows_by_no_way(builder: Builder) -> None:
    builder.press("add:sections[0]:country")
    builder.press("close", open__title="One")
    builder.press("remove:survey:0")
    removed = builder.context["removed"]
    one = {"type": "country", "title": "One"}
    full = [{**one, "name": f"q{n}"} for n in range(MAX_QUESTIONS)]
    draft = json.dumps([{"title": "", "help": "", "entries": full}])
    for button in ("copy:survey:0", "copy:sections:0", "undo"):
        builder.press(button, draft=draft, removed=removed)
        assert json.loads(builder.context["draft"]) == json.loads(draft), button
        assert builder.context["removed"] == removed, button


def test_undo_stays_until_something_changes(builder: Builder) -> None:
    for title in ("One", "Two", ""):
        builder.press("add:sections[0]:country")
        builder.press("close", open__title=title)
    builder.press("remove:survey:1")
    removed = builder.context["removed"]
    for button in ("up:survey:0", "look", "save", "open:survey:0", "close"):
        builder.press(button)
        assert builder.context["removed"] == removed, button
    builder.press("up:survey:1")
    assert builder.context["removed"] == ""


def test_an_option_comes_back_only_to_its_own_question(builder: Builder) -> None:
    for title in ("One", "Two"):
        builder.press("add:sections[0]:several")
        builder.press("paste", open__title=title, pasted="Yes\nNo")
    builder.press("remove:open[0].options:0")
    builder.press("look")
    assert builder.context["removed"] != ""
    builder.press("open:survey:0")
    assert builder.context["removed"] == ""


@pytest.mark.parametrize(
    ("button", "titles", "sections"),
    [
        ("move:survey:0-2", ["Two", "Three", "One"], [1, 2]),
        ("move:survey:2-0", ["Three", "One", "Two"], [3, 0]),
        ("move:survey:1-1", ["One", "Two", "Three"], [1, 2]),
        ("move:survey:0-3", ["One", "Two", "Three"], [2, 1]),
        ("move:sections:0-1", ["Three", "One", "Two"], [1, 2]),
    ],
)
def test_questions_move_to_where_they_are_dropped(
    builder: Builder, button: str, titles: list[str], sections: list[int]
) -> None:
    builder.press("add:sections:")
    for section, title in ((0, "One"), (0, "Two"), (1, "Three")):
        builder.press(f"add:sections[{section}]:country")
        builder.press("close", open__title=title)
    builder.press(button)
    assert [entry["title"] for entry in builder.survey] == titles
    draft = json.loads(builder.context["draft"])
    assert [len(section["entries"]) for section in draft] == sections


def test_the_open_question_stays_open_wherever_it_moves(builder: Builder) -> None:
    for title in ("One", "Two"):
        builder.press("add:sections[0]:country", **{"open__title": "One"})
        builder.press("look", open__title=title)
    builder.press("up:survey:1")
    assert builder.context["outline"].open_entry == 0
    builder.press("remove:survey:1")
    assert builder.context["outline"].open_entry == 0
    builder.press("remove:survey:0")
    assert builder.context["outline"].open_entry is None


def test_each_problem_is_linked_to_where_it_is_seen(builder: Builder) -> None:
    builder.press("add:sections[0]:single")
    builder.press("add:sections[0]:country", open__title="Pick")
    builder.press("save")
    assert builder.context["outline"].open_entry == 0
    links = [problem.path for problem in builder.context["problems"]]
    first, second = (f"open[0].options[{row}].label" for row in (0, 1))
    assert links == [first, second, "survey[1].open"]
    assert builder.context["focus"] == links[0]
    for link in links:
        assert f'id="{link}"' in builder.html
    builder.press("save", open__options__0__label="A", open__options__1__label="B")
    assert [problem.path for problem in builder.context["problems"]] == [
        "open[0].title"
    ]
    assert 'aria-describedby="open[0].title-problem"' in builder.html


def test_each_problem_stands_at_its_field(builder: Builder, empty: Project) -> None:
    builder.press("add:sections[0]:single")
    builder.press("close", open__title="Pick", open__options__0__label="Same")
    builder.press("open:survey:0")
    builder.press("save", open__options__1__label="Same")
    assert builder.status == 422
    assert 'id="open[0].options[1]-problem"' in builder.html
    assert "“Pick” offers “Same” twice." in builder.html
    builder.press("save", open__options__1__label="Other", open__title="")
    assert "Write the words that people read." in builder.html
    builder.press("save", open__title="Pick")
    assert builder.status == 200
    assert empty.survey_versions.latest("number").questions[0]["options"] == [
        "Same",
        "Other",
    ]


def test_a_rule_follows_a_new_name_and_says_when_its_question_is_gone(
    log_in: LogIn, empty: Project
) -> None:
    empty.survey_versions.update(questions=[SINGLE, RULED])
    builder = Builder(log_in(empty.created_by), empty)
    builder.press("open:survey:0")
    builder.press("close", open__name="usage")
    assert builder.survey[1]["show_if"][0]["question"] == "usage"
    builder.press("down:survey:0")
    builder.press("save")
    assert builder.status == 422
    assert "not a choice asked before" in builder.html
    assert "1 question needs mending" in builder.html


def test_what_prism_asks_survives_opening_each_question(
    log_in: LogIn, empty: Project
) -> None:
    builder = Builder(log_in(empty.created_by), empty)
    builder.press("template", template="prism")
    before = parse_survey(builder.survey)
    for place in range(len(builder.survey)):
        builder.press(f"open:survey:{place}")
    builder.press("save")
    assert builder.status == 200
    assert parse_survey(empty.survey_versions.latest("number").questions) == before
    assert before == parse_survey(PEOPLE_TEMPLATES["prism"].survey)


def test_a_survey_goes_out_as_a_file_and_comes_in_again(
    log_in: LogIn, builder: Builder
) -> None:
    other = make_project(people="prism")
    client = log_in(other.created_by)
    address = reverse("settings_survey", args=[other.slug])
    file = client.get(address, {"download": 1})
    assert "attachment" in file.headers["Content-Disposition"]
    builder.press("import", file=SimpleUploadedFile("survey.json", file.content))
    assert parse_survey(builder.survey) == parse_survey(
        PEOPLE_TEMPLATES["prism"].survey
    )


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "3",
        '[{"type": "essay"}]',
        '[{"type": "single", "options": 3}]',
        '[{"type": "text", "show_if": [{"values": 1}]}]',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_survey_is_refused(builder: Builder, content: str) -> None:
    builder.press("import", file=SimpleUploadedFile("x.json", content.encode()))
    assert builder.status == 422


def test_a_survey_is_copied_only_from_where_one_may_see_it(
    log_in: LogIn, builder: Builder, empty: Project
) -> None:
    mine, foreign = make_project(name="Mine"), make_project(name="Foreign")
    make_member(mine, Role.RESEARCHER)
    mine.memberships.create(user=empty.created_by, role=Role.RESEARCHER)
    foreign.memberships.create(user=empty.created_by, role=Role.ANNOTATOR)
    builder.press("look")
    assert [one.name for one in builder.context["others"]] == ["Mine"]
    builder.press("copy", project=mine.slug)
    assert builder.survey[0]["name"] == "age"
    assert (
        builder.client.post(
            builder.address, {"do": "copy", "project": foreign.slug}
        ).status_code
        == 404
    )


@pytest.mark.django_db
def test_a_survey_that_was_answered_gets_a_new_version_and_says_who_is_asked(
    log_in: LogIn,
) -> None:
    project = make_project()
    version = project.survey_versions.get()
    questions = parse_survey(version.questions)
    replies, _ = read_replies(questions, {q.name: [DECLINED] for q in questions})
    take_part(
        participant=ensure_participant(project=project, user=make_member(project)),
        document=project.consent_documents.get(),
        granted=["research"],
        version=version,
        replies=replies,
    )
    builder = Builder(log_in(project.created_by), project)
    page = builder.client.get(builder.address).content.decode()
    assert "One person who is at work now answers" in page
    builder.press("remove:survey:0")
    builder.press("save")
    assert project.survey_versions.latest("number").number == 2


@pytest.mark.parametrize("draft", ["", "[]", "{}", "[3]", '[{"title": 1}]', "[" * 9999])
def test_a_broken_form_loses_no_stored_survey(
    builder: Builder, empty: Project, draft: str
) -> None:
    empty.survey_versions.update(questions=[SINGLE])
    sent = {"draft": draft, "do": "up:survey:7", "open_entry": "99", "open.n": "x"}
    assert builder.client.post(builder.address, sent).status_code == 200
    assert empty.survey_versions.get().questions == [SINGLE]


def test_only_owners_build(log_in: LogIn, empty: Project) -> None:
    researcher = log_in(make_member(empty, Role.RESEARCHER))
    address = reverse("settings_survey", args=[empty.slug])
    assert researcher.get(address).status_code == 404
    assert researcher.post(address, {"do": "save"}).status_code == 404


def test_an_older_rule_becomes_one_that_the_builder_shows() -> None:
    old = {**TEXT, "depends_on": "use", "hidden_for": ["Never"]}
    (_, entry) = SurveyDraft.of([SINGLE, old]).as_survey()
    rule = {"question": "use", "is": "none_of", "values": ["Never"]}
    assert entry["show_if"] == [rule]
    assert parse_survey([SINGLE, entry]) == parse_survey([SINGLE, old])
