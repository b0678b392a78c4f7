"""What is wrong with a field is said in our own sentences, which name it."""

import importlib
import pkgutil
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation import views
from annotation.errors import InvalidError
from annotation.services.projects import Settings, update_project
from annotation.services.recruitment import RecruitmentSettings, save_recruitment
from annotation.views.forms import Styled
from tests.api.conftest import token_client
from tests.consent.conftest import logged_in
from tests.factories import make_project

__all__ = ["token_client"]
# What the framework says by itself begins like this.
FRAMEWORK = re.compile(r"Ensure |Enter |Select a valid|This field|A valid |Must be ")


class Everything(Styled, forms.Form):
    """A field of each type that a page has."""

    n = forms.IntegerField(label="Answers in %", min_value=1, max_value=1000)
    share = forms.DecimalField(
        label="Share", max_digits=4, decimal_places=2, required=False
    )
    pay = forms.DecimalField(label="Pay", min_value=Decimal("0.5"), required=False)
    email = forms.EmailField(label="Address", required=False)
    url = forms.URLField(label="Page", required=False, assume_scheme="https")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A")], required=False)
    note = forms.CharField(label="Note", min_length=2, max_length=5, required=False)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("n", "0", "“Answers in %” is too small. The smallest number is 1."),
        ("n", "1001", "“Answers in %” is too large. The largest number is 1,000."),
        ("n", "1.5", "“Answers in %” is not a whole number. Write digits alone."),
        ("share", "x", "“Share” is not a number. Write one such as 7.50."),
        (
            "share",
            "1.234",
            "“Share” is too fine. Write at most 2 digits after the point.",
        ),
        (
            "share",
            "123.4",
            "“Share” is too large. Write at most 2 digits before the point.",
        ),
        (
            "share",
            "1234567",
            "“Share” has too many digits. Write at most 4 of them.",
        ),
        ("pay", "0.25", "“Pay” is too small. The smallest number is 0.5."),
        (
            "email",
            "ada",
            "“Address” is not an e-mail address. Write one such as ada@example.org.",
        ),
        ("url", "no page", "“Page” is not a web address. Begin it with https://."),
        (
            "kind",
            "b",
            "“Kind” has a value that it does not take. Choose one of those that it"
            " does.",
        ),
        ("note", "abcdef", "“Note” is too long. Shorten it to 5 characters."),
        ("note", "a", "“Note” is too short. Write at least 2 characters."),
        ("note", "a\x00b", "“Note” holds a NUL character. Remove it."),
    ],
)
def test_a_form_names_the_field_and_the_mend(name: str, value: str, said: str) -> None:
    form = Everything({"n": "1", name: value})
    assert form.errors[name] == [said]


def test_every_form_of_a_page_speaks_so() -> None:
    for module in pkgutil.iter_modules(views.__path__, "annotation.views."):
        importlib.import_module(module.name)
    found = {
        one
        for one in _kinds(forms.BaseForm)
        if one.__module__.startswith("annotation.") and one is not Styled
    }
    assert len(found) > 8
    assert [one for one in found if not issubclass(one, Styled)] == []


def _kinds(base: type[Any]) -> set[type[Any]]:
    below: list[type[Any]] = base.__subclasses__()
    return {base}.union(*(_kinds(one) for one in below))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"overlap": "0"}, "is too small. The smallest number is 1."),
        ({"overlap": "101"}, "is too large. The largest number is 100."),
        ({"lease_min": "1441"}, "is too large. The largest number is 1,440."),
        ({"name": "n" * 121}, "is too long. Shorten it to 120 characters."),
    ],
)
def test_a_page_says_it_at_the_field(
    db: None, wrong: dict[str, str], said: str
) -> None:
    project = make_project()
    sent = {"name": "A", "overlap": "1", "lease_min": "30", "grace_s": "0"} | wrong
    client = logged_in(project.created_by)
    page = client.post(reverse("project_settings", args=[project.slug]), sent)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not FRAMEWORK.search(" ".join(_missing(page.content.decode())))


def _missing(page: str) -> list[str]:
    return re.findall(r'class="missing".*?<span>(.*?)</span>', page, re.DOTALL)


def test_a_service_says_it_with_the_name_that_it_takes(db: None) -> None:
    project = make_project()
    settings = Settings(
        name="A",
        description="",
        overlap=0,
        lease_s=10**6,
        grace_s=0,
        editing=project.editing,
        is_paused=False,
    )
    with pytest.raises(InvalidError) as refused:
        update_project(project=project, user=project.created_by, settings=settings)
    assert {one.path: one.message for one in refused.value.problems} == {
        "overlap": "overlap is too small. The smallest number is 1.",
        "lease_s": "lease_s is too large. The largest number is 86,400.",
    }
    with pytest.raises(InvalidError) as refused:
        save_recruitment(
            project=project,
            user=project.created_by,
            settings=RecruitmentSettings(
                provider="prolific", completion_code="C" * 61, completion_url="nowhere"
            ),
        )
    said = {one.path: one.message for one in refused.value.problems}
    assert said["completion_code"] == (
        "completion_code is too long. Shorten it to 60 characters."
    )
    assert said["completion_url"] == (
        "completion_url is not a web address. Begin it with https://."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pay_amount": "1.2345"}, "pay_amount is too fine. Write at most 3 digits"),
        ({"pay_amount": "1" * 10}, "pay_amount has too many digits. Write at most 9"),
        ({"pay_amount": "1234567"}, "pay_amount is too large. Write at most 6 digits"),
        ({"n_items_wanted": -1}, "n_items_wanted is too small. The smallest number"),
        ({"currency": "EURO"}, "currency is too long. Shorten it to 3 characters."),
        ({"clock": "noon"}, "clock has a value that it does not take."),
    ],
)
def test_rest_says_it_under_the_path(
    db: None,
    token_client: Callable[[User], Client],
    change: dict[str, Any],
    said: str,
) -> None:
    project = make_project()
    body = {"provider": "prolific", "completion_code": "C"} | change
    answer = token_client(project.created_by).put(
        reverse("api_recruitment", args=[project.slug]),
        body,
        content_type="application/json",
    )
    assert answer.status_code == 400
    (problem,) = answer.json()["problems"]
    assert problem["message"].startswith(said)
    assert not FRAMEWORK.search(problem["message"])


def test_rest_counts_the_entries_of_a_list(
    db: None, token_client: Callable[[User], Client]
) -> None:
    project = make_project()
    answer = token_client(project.created_by).post(
        reverse("api_item_changes", args=[project.slug]),
        {"action": "pause", "items": [str(uuid.uuid4()) for _ in range(1_001)]},
        content_type="application/json",
    )
    (problem,) = answer.json()["problems"]
    assert problem["message"] == "items is too long. Send at most 1000 entries."
