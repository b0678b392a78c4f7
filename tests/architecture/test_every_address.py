"""Every address of the site is swept for barriers, or left out for a reason."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests.browser.pages import LEFT_OUT, PAGES

SWEPT = {page.name for page in PAGES}


def names(resolver: URLResolver) -> Iterator[str]:
    """Yield the name of each address but those of the REST interface."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if not str(entry.pattern).startswith("api/v1/"):
                yield from names(entry)
        elif isinstance(entry, URLPattern) and entry.name:
            yield entry.name


def test_every_address_is_swept_or_left_out_for_a_reason() -> None:
    new = set(names(get_resolver())) - SWEPT - set(LEFT_OUT)
    assert new == set(), "Add each to PAGES or LEFT_OUT in tests/browser/pages.py."


def test_no_table_names_an_address_that_is_gone_or_both() -> None:
    assert (SWEPT | set(LEFT_OUT)) - set(names(get_resolver())) == set()
    assert SWEPT & set(LEFT_OUT) == set()


def test_pages_have_names_of_their_own() -> None:
    slugs = [page.slug for page in PAGES]
    assert sorted(set(slugs)) == sorted(slugs)
