"""Log in, log out, the password, and tokens for programs."""

import re

import pytest
from axes.utils import reset
from django.test import Client
from django.urls import reverse

from annotation.errors import LimitError
from annotation.models import ApiToken
from annotation.services.tokens import MAX_TOKENS, make_token
from tests.factories import PASSWORD, make_project, make_user
from tests.people.conftest import LogIn


def sign_in(client: Client, name: str, password: str, **more: str) -> int:
    """Send the log-in form and return the status of the answer."""
    sent = {"username": name, "password": password, **more}
    return client.post(reverse("login"), sent).status_code


def test_a_person_logs_in_and_out(client: Client, db: None) -> None:
    user = make_user()
    assert client.get(reverse("login")).status_code == 200
    assert sign_in(client, user.username, PASSWORD) == 302
    assert client.get(reverse("home")).status_code == 200
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).status_code == 302
    assert client.get(reverse("home")).status_code == 302


def test_after_logging_in_a_person_is_where_they_wanted_to_go(
    client: Client, db: None
) -> None:
    user = make_user()
    asked = client.get(reverse("account"))
    sent = {"username": user.username, "password": PASSWORD}
    answer = client.post(asked.headers["Location"], sent | {"next": "/account/"})
    assert answer.headers["Location"] == "/account/"
    client.logout()
    elsewhere = client.post(reverse("login"), sent | {"next": "https://evil.example/"})
    assert elsewhere.headers["Location"] == reverse("home")


def test_a_wrong_password_says_nothing_of_who_exists(client: Client, db: None) -> None:
    user = make_user()
    pages = []
    for name in (user.username, "nobody"):
        sent = {"username": name, "password": "wrong"}
        pages.append(client.post(reverse("login"), sent).content.decode())
    assert all("do not belong together" in page for page in pages)


def test_too_many_wrong_passwords_are_answered_by_a_sentence(
    client: Client, db: None
) -> None:
    user = make_user()
    for _ in range(8):
        sign_in(client, user.username, "wrong")
    sent = {"username": user.username, "password": PASSWORD}
    answer = client.post(reverse("login"), sent)
    assert answer.status_code == 429
    assert "no further attempt is taken for 15 minutes" in answer.content.decode()
    reset(username=user.username)
    assert sign_in(client, user.username, PASSWORD) == 302


# --- password ---------------------------------------------------------------------


def test_a_changed_password_keeps_this_session_and_ends_the_others(
    log_in: LogIn, db: None
) -> None:
    user = make_user()
    here, there = log_in(user), log_in(user)
    new = "another long pass phrase"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post(reverse("account_password"), sent).status_code == 302
    assert here.get(reverse("account")).status_code == 200
    assert there.get(reverse("account")).status_code == 302
    # The form sent twice finds the old password changed.
    assert here.post(reverse("account_password"), sent).status_code == 422


@pytest.mark.parametrize(
    ("old", "first", "second", "said"),
    [
        ("wrong", "long enough words", "long enough words", "not your present"),
        (PASSWORD, "long enough words", "other long words", "differ"),
        (PASSWORD, "12345678", "12345678", "only digits"),
        ("", "", "", "still empty"),
    ],
)
def test_a_password_that_cannot_be_taken_is_said_at_its_field(
    log_in: LogIn, db: None, old: str, first: str, second: str, said: str
) -> None:
    sent = {"old_password": old, "new_password1": first, "new_password2": second}
    answer = log_in(make_user()).post(reverse("account_password"), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()


# --- tokens -----------------------------------------------------------------------


def test_a_token_is_shown_once_and_opens_the_interface(log_in: LogIn, db: None) -> None:
    user = make_user()
    make_project(user)
    client = log_in(user)
    page = client.post(reverse("token_new"), {"name": "laptop"}).content.decode()
    found = re.search(r"pp_[\w-]{40}", page)
    assert found is not None
    assert found[0] not in client.get(reverse("account")).content.decode()
    stored = ApiToken.objects.get()
    assert found[0] not in (stored.secret_sha256, stored.prefix)
    answer = Client().get(
        "/api/v1/projects/", headers={"Authorization": f"Token {found[0]}"}
    )
    assert answer.status_code == 200
    assert answer.json()["count"] == 1


def test_a_form_sent_twice_makes_one_token(log_in: LogIn, db: None) -> None:
    client = log_in(make_user())
    client.post(reverse("token_new"), {"name": "laptop"})
    answer = client.post(reverse("token_new"), {"name": "laptop"})
    assert answer.status_code == 422
    assert "is there already" in answer.content.decode()
    assert ApiToken.objects.count() == 1


def test_a_token_needs_a_name(log_in: LogIn, db: None) -> None:
    answer = log_in(make_user()).post(reverse("token_new"), {"name": " "})
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_tokens_have_a_cap(db: None) -> None:
    user = make_user()
    for number in range(MAX_TOKENS):
        make_token(user=user, name=str(number))
    with pytest.raises(LimitError):
        make_token(user=user, name="one more")


def test_only_its_owner_revokes_a_token(log_in: LogIn, db: None) -> None:
    user = make_user()
    made = make_token(user=user, name="laptop")
    address = reverse("token_revoke", args=[made.token.public_id])
    assert log_in(make_user()).post(address).status_code == 404
    assert log_in(user).get(address).status_code == 405
    assert log_in(user).post(address).status_code == 302
    assert log_in(user).post(address).status_code == 404
    answer = Client().get(
        "/api/v1/projects/", headers={"Authorization": f"Token {made.secret}"}
    )
    assert answer.status_code == 401
