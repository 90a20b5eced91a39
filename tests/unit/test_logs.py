from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog

from shared.logs import NOISY, describe, open_log, silence_sdks


@pytest.fixture
def stream() -> io.StringIO:
    """Return what stands for standard output."""
    return io.StringIO()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines that were logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_json_object_a_line(stream: io.StringIO) -> None:
    """A line is one JSON object with event, level, UTC time, the invocation and the fields."""
    open_log("info", stream=stream, invocation="r-1").warning("message", request_id="order-1", seconds=0.5)
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "message",
        "level": "warning",
        "invocation": "r-1",
        "request_id": "order-1",
        "seconds": 0.5,
    }


def test_text_cannot_break_a_line(stream: io.StringIO) -> None:
    """Line breaks and other characters from outside stay inside their JSON string."""
    open_log("info", stream=stream).info("message", text='a\nb\u2028"}\x00')
    assert lines(stream)[0]["text"] == 'a\nb\u2028"}\x00'


def test_level(stream: io.StringIO) -> None:
    """Lines below the level are not written."""
    log = open_log("warning", stream=stream)
    log.info("quiet")
    log.error("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


@pytest.mark.parametrize(
    "fields",
    [
        {"Password": "hunter2"},
        {"UserData": "hunter2"},
        {"nested": {"list": [{"parameters.Password": "hunter2"}]}},
        {"deep": ({"AccessKeySecret": {"x": "hunter2"}},)},
        {"security_token": "hunter2", "Authorization": "hunter2", "messageBody": "hunter2"},
    ],
)
def test_secret_names_at_any_depth(stream: io.StringIO, fields: dict[str, Any]) -> None:
    """Whatever stands under the name of a secret is masked, however deep and however it is spelt."""
    open_log("info", stream=stream).info("message", **fields)
    assert "hunter2" not in stream.getvalue()
    assert "***" in stream.getvalue()


@pytest.mark.parametrize("value", ["key=s3cr3t/+", "s3cr3t%2F%2B", ["s3cr3t/+"], {"s3cr3t/+"}, ValueError("s3cr3t/+")])
def test_the_keys_of_the_invocation(stream: io.StringIO, value: object) -> None:
    """The invocation's own keys are masked in any text, quoted ones too."""
    open_log("info", stream=stream, secrets=("s3cr3t/+",)).error("failed", error=value)
    assert "s3cr3t" not in stream.getvalue()


def test_long_values_are_cut_after_cleaning(stream: io.StringIO) -> None:
    """A value is bounded, and a key across the cut is gone, too."""
    open_log("info", stream=stream, secrets=("s3cr3t-key",)).info(
        "message", text="x" * 3995 + "s3cr3t-key" + "y" * 9999
    )
    (line,) = lines(stream)
    assert len(line["text"]) == 4000
    assert "s3c" not in line["text"]


def test_context_is_cleared(stream: io.StringIO) -> None:
    """Nothing that an earlier invocation bound shows up in a later one: a warm process keeps its context variables."""
    structlog.contextvars.bind_contextvars(request_id="of-yesterday")
    open_log("info", stream=stream).info("message")
    assert "of-yesterday" not in stream.getvalue()


def test_unexpected_errors_are_described_without_their_text() -> None:
    """An unknown exception is logged as type and place; its text may hold anything."""
    try:
        json.loads('{"Password": "hunter2"')
    except ValueError as error:
        found = describe(error)
    assert found["error_type"] == "JSONDecodeError"
    assert found["where"][-1].startswith("decoder.py:")
    assert "hunter2" not in str(found)


def test_noisy_loggers_are_off() -> None:
    """The loggers that would write whole requests stay off, whatever level the root logger has."""
    silence_sdks()
    for name in NOISY:
        assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL)
