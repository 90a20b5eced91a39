"""Taking secrets out of texts that others wrote: answers of the API, texts of SDK exceptions."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
LIMIT = 1000
"""How many characters of a foreign text are kept."""

_QUERY = re.compile(r"\?[^\s?]*=\S*")
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_SHORTEST_BASE64 = 6


class Redactor:
    """Takes the same secrets out of many texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        self._spellings = sorted(spellings, key=len, reverse=True)  # a secret can begin like another

    def redact(self, text: str, limit: int | None = None) -> str:
        """Return the text without any known spelling of the secrets, and then at most `limit` characters of it.

        Cut only afterwards: half a secret would not be recognised.
        """
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def redact(text: str, secrets: Iterable[str], *, limit: int = LIMIT) -> str:
    """Return one text without the secrets, and then at most `limit` characters of it."""
    return Redactor(secrets).redact(text, limit)


def without_queries(text: str) -> str:
    """Return the text without the query strings of URLs in it: the ECS SDK sends every parameter there."""
    return _QUERY.sub("?" + MASK, text)


def _spellings(secret: str) -> set[str]:
    return {secret, *_quoted(secret), *_escaped(secret), *_base64(secret)}


def _quoted(secret: str) -> Iterator[str]:
    """Percent-encoded once, as in a URL, and twice, as in the text that a signature is made of."""
    utf8 = secret.encode(errors="replace")
    for once in (quote(utf8, safe=""), quote_plus(utf8), quote(utf8)):
        for spelling in (once, quote(once, safe="")):
            yield spelling
            yield _PERCENT.sub(lambda match: match[0].lower(), spelling)


def _escaped(secret: str) -> Iterator[str]:
    """As JSON, JSON inside JSON, Python and XML write it."""
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    yield html.escape(secret, quote=False)


def _base64(secret: str) -> Iterator[str]:
    """Alone or somewhere inside a longer text: the three ways three bytes can fall into four characters."""
    plain = secret.encode(errors="replace")
    yield base64.b64encode(plain).decode()
    yield base64.urlsafe_b64encode(plain).decode()
    for shift, skipped in enumerate((0, 2, 3)):
        data = bytes(shift) + plain
        whole = len(data) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            spelling = encode(data).decode()[skipped:whole]
            if len(spelling) >= _SHORTEST_BASE64:
                yield spelling
