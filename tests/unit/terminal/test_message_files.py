"""Files of messages, as people's editors write them."""

from __future__ import annotations

import json

import pytest

from local.terminal.messages import bodies, text_of

MESSAGE = {"requestId": "order-1", "metadata": {"note": "one\u2028line"}}
LINE = json.dumps(MESSAGE, ensure_ascii=False)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_where_json_lines_end(end: str) -> None:
    """Each kind of line end separates messages; a separator inside a JSON text, which Unicode calls one, does not."""
    found = bodies("file", end.join([LINE, "", LINE, ""]))
    assert [(number, json.loads(body)) for number, body in found] == [(1, MESSAGE), (3, MESSAGE)]


def test_a_byte_order_mark_is_the_editors() -> None:
    """The mark that some editors put in front is taken off, and no other character."""
    assert text_of(b"\xef\xbb\xbf" + LINE.encode()) == LINE
    assert text_of(b"  {}") == "  {}"


def test_a_number_of_any_length_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    """No warning calls a text no JSON that the worker reads."""
    text = f'{{"requestId": "order-1", "parameters": {{"Period": 1{"0" * 5000}}}}}'
    assert bodies("file", text) == [(1, text)]
    assert capsys.readouterr().err == ""
