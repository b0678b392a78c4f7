"""People at a real address: a cookie jar, the forms they are shown, and the work API.

They have nothing but what pages and answers told them: a link, a form with its token
and its options, the id of an assignment.
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlparse

Answers = Mapping[str, str | Sequence[str]]


@dataclass
class Form:
    """A form of a page: what it sends by itself, and what each field offers.

    `offers[name]` is empty where anything can be written.
    """

    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    offers: dict[str, set[str]] = field(default_factory=dict)

    def filled(self, answers: Answers) -> dict[str, str | Sequence[str]]:
        """Return what a browser would send; only what the form offers can be given."""
        for name, value in answers.items():
            offered = self.offers[name]
            given = {value} if isinstance(value, str) else set(value)
            assert not offered or given <= offered, f"{name} does not offer {given}"
        return {**self.hidden, **answers}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
        if not self.found:
            return
        form = self.found[-1]
        if tag == "option" and self.select:
            form.offers[self.select].add(given.get("value", ""))
        elif tag in ("input", "select", "textarea") and name:
            kind = given.get("type", "text")
            offered = form.offers.setdefault(name, set())
            if kind == "hidden":
                form.hidden[name] = given.get("value", "")
            elif kind in ("radio", "checkbox"):
                offered.add(given.get("value", ""))
            self.select = name if tag == "select" else ""


@dataclass
class Page:
    """What was answered: where it was in the end, and what it says."""

    status: int
    path: str
    text: str

    def form_with(self, *names: str) -> Form:
        """Return the form that asks for all of these."""
        forms = _Forms()
        forms.feed(self.text)
        return next(one for one in forms.found if set(names) <= set(one.offers))


class Visitor:
    """One person's browser: a connection of its own, and the person's cookies."""

    def __init__(self, server: str) -> None:
        place = urlparse(server)
        # It connects at the first request, and anew after `leave`.
        self.line = http.client.HTTPConnection(
            place.hostname or "", place.port, timeout=120
        )
        self.cookies: dict[str, str] = {}

    def leave(self) -> None:
        """Close the connection, as a browser does that is shut; the cookies stay."""
        self.line.close()

    def open(self, path: str) -> Page:
        """Follow a link."""
        return self._follow(*self._ask("GET", path, b"", {}))

    def send(self, page: Page, form: Form, answers: Answers) -> Page:
        """Send a form of a page; the token is the one that the form carries."""
        body = urlencode(form.filled(answers), doseq=True).encode()
        path = urljoin(page.path, form.action)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._follow(*self._ask("POST", path, body, headers))

    def call(self, path: str, body: object) -> tuple[int, dict[str, Any]]:
        """Call the API as the scripts of a page do."""
        headers = {
            "Content-Type": "application/json",
            "X-CSRFToken": self.cookies["csrftoken"],
        }
        data = json.dumps(body).encode()
        status, _, _, text = self._ask("POST", path, data, headers)
        return status, json.loads(text) if text else {}

    def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str, str, str]:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.line.request(method, path, body or None, {**headers, "Cookie": jar})
        answer = self.line.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie", ()):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer.status, path, answer.headers.get("Location", ""), text

    def _follow(self, status: int, path: str, location: str, text: str) -> Page:
        while status in (301, 302, 303):
            status, path, location, text = self._ask(
                "GET", urljoin(path, location), b"", {}
            )
        return Page(status, path, text)
