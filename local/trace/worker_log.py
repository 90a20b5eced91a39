"""Reads the worker's log lines into the trace. Only the fields named here are read; everything else is ignored."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from local.trace.request_trace import WAITS, as_id, meaning
from shared.domain.errors.model import ApiError
from shared.domain.message.request import DEFAULT_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.trace.trace import Trace

NOTICE = ("event", "level", "request_id", "message_id", "action", "code", "status", "instance_id", "error_type")
"""Of a warning or error: what is shown. Free text is not."""
LONGEST = 200


def read_lines(trace: Trace, lines: Iterable[str], now: float) -> None:
    """Take log lines in; what is no JSON object with an `event` is left out."""
    for line in lines:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict) and isinstance(data.get("event"), str):
            _read(trace, data, now)


def _read(trace: Trace, data: dict[str, Any], now: float) -> None:
    at = instant(data.get("time"), now)
    if data["event"] in {"paused", "run"}:
        _steered(trace, data)
    if data.get("level") in {"warning", "error"}:
        shown = {name: data[name] for name in NOTICE if isinstance(data.get(name), (str, int))}
        trace.warn({k: v[:LONGEST] if isinstance(v, str) else v for k, v in shown.items()} | {"at": round(at, 3)})
    elif data["event"] == "message":
        _message(trace, data, at)
    elif data["event"] == "request":
        _request(trace, data, at)


def _message(trace: Trace, data: dict[str, Any], at: float) -> None:
    """Tell what became of one message."""
    message_id = as_id(data.get("message_id"))
    key = as_id(data.get("request_id")) or (message_id and trace.key_of(message_id))
    if key is None or key not in trace.requests:
        return
    state, accepted_at = data.get("state"), data.get("accepted_at")
    if isinstance(accepted_at, (int, float)) and not trace.requests[key].knows("claimed"):
        deadline = accepted_at + trace.requests[key].facts.get("timeoutSeconds", DEFAULT_TIMEOUT_SECONDS)
        trace.tell(
            key, accepted_at, "claimed", "the request is recorded", state=_first(state), deadline=round(deadline, 3)
        )
    waits = WAITS.get(str(data.get("held")))
    if waits and trace.requests[key].facts.get("waits") != waits:
        trace.tell(key, at, "waiting", waits, waits=waits)
    words = {
        "deferred": "the message was sent again for later",
        "duplicate": "the same request again, while it is open: nothing to do",
        "repeated": "the same request again: its outcome is published once more",
        "unacknowledged": "could be neither handled nor sent again; it is delivered again",
    }
    if (end := data.get("end")) in words:
        trace.tell(key, at, str(end), words[end])
    if state:
        trace.note(key, at, state=str(state))


def _first(state: object) -> str:
    return "waiting" if state == "waiting" else "creating"


def _steered(trace: Trace, data: dict[str, Any]) -> None:
    """Tell of a pause for as long as runs of the timer do."""
    if data["event"] == "run":
        if not data.get("paused"):
            trace.set_part("pause", None)
        return
    shown = {name: data[name] for name in ("by", "reason", "since") if isinstance(data.get(name), (str, float, int))}
    trace.set_part("pause", {k: v[:LONGEST] if isinstance(v, str) else v for k, v in shown.items()})


def _request(trace: Trace, data: dict[str, Any], at: float) -> None:
    """Tell that the timer function moved a request on."""
    key, state = as_id(data.get("request_id")), data.get("state")
    if key is None or key not in trace.requests:
        return
    if state in {"completed", "failed"}:
        code = as_id(data.get("code"))
        text = f"{state} after {data.get('age')} s" + (f": {code}" if code else "")
        trace.tell(key, at, "ended", text, state=state, error=meaning(ApiError("", None, code, "")) if code else None)
    elif state == "releasing":
        trace.tell(key, at, "decided", "the instance is to be released", state=state)
    else:
        trace.note(key, at, state=str(state))


def instant(text: object, otherwise: float) -> float:
    """Read a time in RFC 3339 as epoch seconds; `otherwise` for what is none."""
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return otherwise
