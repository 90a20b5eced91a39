from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.redact import LIMIT, MASK, redact, without_queries

SECRET = 'Pä$s w&rd"/+<1~%'


SPELLINGS = {
    "plain": SECRET,
    "quote": quote(SECRET),
    "quote without safe characters": quote(SECRET, safe=""),
    "quote_plus": quote_plus(SECRET),
    "lower-case percent": quote(SECRET).replace("%C3%A4", "%c3%a4").replace("%3C", "%3c").replace("%2B", "%2b"),
    "quoted twice": quote(quote(SECRET, safe=""), safe=""),
    "urlencode": urlencode({"Password": SECRET}).partition("=")[2],
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON, not only ASCII": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "JSON in JSON": json.dumps(json.dumps(SECRET))[1:-1].replace('\\"', '"', 1)[1:-2],
    "Python": repr(SECRET)[1:-1],
    "XML": html.escape(SECRET),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_goes(spelling: str) -> None:
    """A secret is found in every spelling a layer in between may give it, wherever in the text it stands."""
    assert redact(f"before {spelling} after", [SECRET]) == f"before {MASK} after"


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_base64_of_a_whole_message(before: str) -> None:
    """In the base64 of a text around it, the secret is found at every offset."""
    encoded = base64.b64encode(f"{before}{SECRET}, and more".encode()).decode()
    cleaned = redact(encoded, [SECRET])
    padded = cleaned.replace(MASK, "")
    assert MASK in cleaned
    assert len(padded) < len(encoded) - len(SECRET)


@given(secret=st.text(min_size=1, max_size=40), around=st.text(alphabet="01 ", max_size=5))
def test_any_secret_any_text(secret: str, around: str) -> None:
    """Whatever a secret is made of, lone surrogates too, cleaning takes it out and never raises."""
    for spelling in (secret, json.dumps(secret)[1:-1], quote_plus(secret, errors="replace")):
        found = redact(around + spelling + around, [secret])
        assert found == around + MASK + around or set(secret) & set(around + MASK)


def test_the_longest_spelling_first() -> None:
    """A secret that begins like another leaves nothing of the longer one behind."""
    assert redact("secret-long", ["secret", "secret-long"]) == MASK


def test_empty_secrets_are_none() -> None:
    """An empty secret does not turn every gap between two letters into a mask."""
    assert redact("text", ["", ""]) == "text"


def test_cut_after_cleaning() -> None:
    """A text is cut after it was cleaned: a secret across the cut is gone, too."""
    text = "x" * (LIMIT - 8) + "my-long-secret" + "y" * 50
    cleaned = redact(text, ["my-long-secret"])
    assert len(cleaned) <= LIMIT
    assert "my-" not in cleaned


def test_queries_of_urls_go() -> None:
    """The query string of a URL goes whole, the words around it stay."""
    text = "Max retries exceeded with url: /?Password=a%20b&UserData=c (Caused by NewConnectionError('refused?'))"
    assert without_queries(text) == ("Max retries exceeded with url: /?*** (Caused by NewConnectionError('refused?'))")
