"""Pages and scripts speak the language that the browser asks for."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from tests.pseudo_locale import LEFT_TO_RIGHT, RIGHT_TO_LEFT, pseudo

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


def asked(client: Client, language: str, address: str = LOGIN) -> str:
    """Return the page in the language."""
    return client.get(address, headers={"accept-language": language}).text


def test_english_page_loads_no_catalogue(client: Client) -> None:
    page = asked(client, "en-GB,en;q=0.9")
    assert '<html lang="en" dir="ltr">' in page
    assert "/words/" not in page


def test_unknown_language_is_answered_in_english(client: Client) -> None:
    assert '<html lang="en" dir="ltr">' in asked(client, "xx,yy;q=0.5")


@pytest.mark.usefixtures("pseudo_locale")
def test_page_in_another_language(client: Client) -> None:
    page = asked(client, LEFT_TO_RIGHT)
    assert f'<html lang="{LEFT_TO_RIGHT}" dir="ltr">' in page
    assert pseudo("Go to the content") in page
    address = reverse("words", args=(LEFT_TO_RIGHT,))
    assert f'<script src="{address}" defer>' in page


@pytest.mark.usefixtures("pseudo_locale")
def test_page_from_right_to_left(client: Client) -> None:
    page = asked(client, RIGHT_TO_LEFT)
    assert f'<html lang="{RIGHT_TO_LEFT}" dir="rtl">' in page


@pytest.mark.usefixtures("pseudo_locale")
def test_domain_error_of_the_api_is_translated(client: Client) -> None:
    told = json.loads(asked(client, LEFT_TO_RIGHT, "/api/v1/nothing/"))
    assert told["code"] == "not_found"
    assert told["message"] == pseudo("There is nothing here for you.")


@pytest.mark.usefixtures("pseudo_locale")
def test_script_holds_the_catalogue_of_its_own_address(client: Client) -> None:
    script = asked(client, "en", reverse("words", args=(LEFT_TO_RIGHT,)))
    assert "django.gettext" in script
    assert "\\u27e6" in script.lower() or "⟦" in script


def test_script_of_a_language_that_does_not_exist(client: Client) -> None:
    assert client.get("/words/tlh.js").status_code == 404
