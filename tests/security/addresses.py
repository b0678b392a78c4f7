"""Every address of the site, filled with what there is, and all that it answers."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse


class Address(NamedTuple):
    """An address that has a name: who answers it, and the kind of each of its parts."""

    name: str
    module: str
    parts: Mapping[str, str]


def patterns(
    resolver: URLResolver | None = None, before: Mapping[str, str] | None = None
) -> Iterator[Address]:
    """Yield every address of the site, those below a prefix with its parts."""
    for entry in (resolver or get_resolver()).url_patterns:
        own = {
            part: type(one).__name__ for part, one in entry.pattern.converters.items()
        }
        parts = {**(before or {}), **own}
        if isinstance(entry, URLResolver):
            yield from patterns(entry, parts)
        elif entry.name:
            yield Address(entry.name, entry.callback.__module__, parts)


def filled(address: Address, known: Mapping[str, list[Any]]) -> Iterator[str]:
    """Yield an address once for each way to fill it; `known`: values by converter."""
    for values in product(*(known[kind] for kind in address.parts.values())):
        kwargs = dict(zip(address.parts, values, strict=True))
        yield reverse(address.name, kwargs=kwargs)


def content(response: HttpResponseBase, client: Client) -> str:
    """Return all that a response tells: head, cookies, session, body, files in it."""
    told = [str(response.headers), str(client.cookies), str(dict(client.session))]
    if isinstance(response, StreamingHttpResponse):
        body = b"".join(response.streaming_content)  # type: ignore[arg-type]
    else:
        body = response.content  # type: ignore[attr-defined]
    if zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            told += [archive.read(name).decode() for name in archive.namelist()]
    else:
        told.append(body.decode(errors="replace"))
    return "\n".join(told)
