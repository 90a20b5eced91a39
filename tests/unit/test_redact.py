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


SCRIPT = "#!/bin/sh\nexport DB_PASSWORD=hunter2secret\n" + "echo and so on\n" * 20
LINES = base64.encodebytes(SCRIPT.encode()).decode()
ECHOES = {
    "partly quoted": (SECRET, quote(SECRET, safe="$&<")),
    "every character quoted": (SECRET, "".join(f"%{byte:02X}" for byte in SECRET.encode())),
    "numbers of XML": (SECRET, "".join(f"&#{ord(character)};" for character in SECRET)),
    "Go's XML": (SECRET, html.escape(SECRET).replace("&quot;", "&#34;")),
    "Java's JSON": (SECRET, json.dumps(SECRET).replace("&", "\\u0026").replace("<", "\\u003c")),
    "JSON of PHP": (SECRET, json.dumps(SECRET).replace("/", "\\/")),
    "upper case": (SECRET, SECRET.upper()),
    "hexadecimal": (SECRET, SECRET.encode().hex()),
    "base64 of base64": (SECRET, base64.b64encode(base64.b64encode(SECRET.encode())).decode()),
    "cut": (SECRET, SECRET[:-3] + "..."),
    "user data, decoded": (LINES, SCRIPT),
    "user data, a line of it": (LINES, SCRIPT.splitlines()[1]),
    "user data, cut": (LINES, LINES[:40]),
    "user data, its lines joined": (LINES, LINES.replace("\n", "")),
}


@pytest.mark.parametrize(("secret", "echo"), ECHOES.values(), ids=ECHOES)
def test_what_still_repeats_a_secret_goes_whole(secret: str, echo: str) -> None:
    """A spelling that nobody foresaw, or a piece of a secret, takes the text with it."""
    assert redact(f'The parameter "{echo}" is not valid.', [secret]) == MASK


WORDS = [
    'The specified parameter "Password" is not valid.',
    "The specified UserData is out of size (32 KB).",
    "Your account does not have enough balance. aGVsbG8gd29ybGQ= 5F3A1C7E-1B2D-4E6F-8A9B-0C1D2E3F4A5B",
]


@given(secret=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30))
def test_other_words_stay(secret: str) -> None:
    """What an API says without a word of the secret is kept as it is."""
    assert [redact(words, [secret, "sts-token/+==", LINES]) for words in WORDS] == WORDS


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
