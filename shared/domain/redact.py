"""Taking secrets out of texts that others wrote: answers of the API, texts of SDK exceptions."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
LIMIT = 1000
"""How many characters of a foreign text are kept."""

_QUERY = re.compile(r"\?[^\s?]*=\S*")
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_SHORTEST_BASE64 = 6
_LONGEST = 100_000
_SHORTEST_ECHO, _LONGEST_ECHO = 8, 16
"""Characters in a row that give a piece of a secret away: three quarters of it, within these."""


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
    """Return one foreign text without the secrets, and then at most `limit` characters of it.

    What is left may still repeat a secret in a spelling that nobody foresaw, or a piece of one. Nothing is kept of a
    text that does: of secrets of `_SHORTEST_ECHO` characters and more, read in any way of `_DECODERS`, twice over.
    """
    secrets = tuple(secrets)
    cleaned = Redactor(secrets).redact(text[:_LONGEST], limit)
    return MASK if _echoes(cleaned, secrets) else cleaned


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


def _echoes(text: str, secrets: Iterable[str]) -> bool:
    """Tell whether a text repeats a piece of a secret, in any case of letters and with any white space."""
    wanted = [form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST_ECHO]
    if not wanted:
        return False
    read = {_bare(reading) for reading in _readings(text)}
    return any(
        not _pieces(form, size).isdisjoint(piece for reading in read for piece in _pieces(reading, size))
        for form in wanted
        for size in [min(max(len(form) * 3 // 4, _SHORTEST_ECHO), _LONGEST_ECHO)]
    )


def _forms(secret: str) -> Iterator[str]:
    """Yield the secret itself and, as user data is base64, what is in it."""
    yield _bare(secret)
    yield _bare(_from_base64(secret))


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()


def _pieces(text: str, size: int) -> set[str]:
    return {text[start : start + size] for start in range(len(text) - size + 1)}


def _readings(text: str) -> Iterator[str]:
    yield text
    for decode in _DECODERS:
        yield (once := decode(text))
        yield from (again(once) for again in _DECODERS)


def _unescaped(text: str) -> str:
    """Take off the escapes of JSON, JavaScript and Python."""
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else m[3], text)


def _from_hex(text: str) -> str:
    return _HEX.sub(lambda m: bytes.fromhex(m[0]).decode(errors="ignore"), text)


def _from_base64(text: str) -> str:
    return _BASE64.sub(lambda m: _decoded(m[0].translate(_NOT_FOR_URLS)), "".join(text.split()))


def _decoded(run: str) -> str:
    whole = run[: len(run) // 4 * 4] if len(run) % 4 == 1 else run
    return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode(errors="ignore")


_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(.)")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_NOT_FOR_URLS = str.maketrans("-_", "+/")
_DECODERS = (unquote, html.unescape, _unescaped, _from_hex, _from_base64)
