"""Log lines: one JSON object each, on standard output, where Function Compute collects them.

A logger is made for each invocation and handed down; nothing global remembers the last one. Secrets are taken out
last, whatever was logged: values under a secret's name at any depth, and the invocation's own keys in any text.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog

from shared.domain.redact import MASK, Redactor

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import TextIO

    from structlog.typing import Processor

    from shared.ports import Log

SECRET_NAMES = frozenset(
    {
        "password", "userdata", "accesskeysecret", "securitytoken", "authorization", "signature", "credentials",
        "body", "messagebody", "parameters",
    }
)  # fmt: skip
"""Names, without case and punctuation, whose values are never logged: secrets, and what can hold one."""

NOISY = ("darabonba-core", "alibabacloud-tea", "urllib3.connectionpool")
"""Loggers of the SDKs that write whole requests: the first two with DEBUG=sdk, the last with a root level of DEBUG."""

_FRAMES = 5
_LONGEST_VALUE = 4000
_NUMBERS = frozenset({bool, int, float, type(None)})
_encode = json.JSONEncoder().encode


def open_log(level: str, *, secrets: tuple[str, ...] = (), stream: TextIO | None = None, **fields: str | None) -> Log:
    """Return a logger whose lines carry `fields`; forget the context of the invocation before."""
    silence_sdks()
    structlog.contextvars.clear_contextvars()
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _Renderer(secrets),
    ]
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stdout),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    log: Log = logger.bind(**{name: value for name, value in fields.items() if value})
    return log


def silence_sdks() -> None:
    """Switch off the loggers that would write requests out, Password and Authorization with them."""
    for name in NOISY:
        logging.getLogger(name).disabled = True


def describe(error: BaseException) -> dict[str, Any]:
    """Return what can be said of an unexpected exception: its type and where, never its text."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error_type": type(error).__name__,
        "where": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }


class _Renderer:
    """A structlog processor, the last one: masks what stands under a secret's name, makes JSON, cleans the text."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._redactor = Redactor(secrets)

    def __call__(self, _logger: object, _method: str, line: MutableMapping[str, Any]) -> str:
        return self._redactor.redact(_encode(self._fields(line)))

    def _fields(self, fields: MutableMapping[str, Any]) -> dict[str, object]:
        return {str(name): MASK if _is_secret(str(name)) else self._value(item) for name, item in fields.items()}

    def _value(self, value: object) -> object:
        if type(value) in _NUMBERS or (type(value) is str and len(value) <= _LONGEST_VALUE):
            return value
        if isinstance(value, dict):
            return self._fields(value)
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._value(item) for item in value]
        text = str(value)
        return text if len(text) <= _LONGEST_VALUE else self._redactor.redact(text, _LONGEST_VALUE)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    """Tell whether a name, or the last part of a flat one (`parameters.Password`), is that of a secret."""
    return "".join(c for c in name.rpartition(".")[2].lower() if c.isalnum()) in SECRET_NAMES
