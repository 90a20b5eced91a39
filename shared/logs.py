"""Log lines: one JSON object each, on standard output, where Function Compute collects them.

A logger is made for each invocation and handed down; nothing global remembers the last one. Secrets are taken out
last, whatever was logged: values under a secret's name at any depth, and the invocation's own keys in any text.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

import structlog

from shared.core.redact import MASK, clean

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import TextIO

    from structlog.typing import Processor

    from shared.ports import Log

SECRET_NAMES = frozenset(
    {
        "password", "userdata", "accesskeysecret", "securitytoken", "authorization", "signature", "credentials",
        "body", "messagebody", "event", "parameters",
    }
)  # fmt: skip
"""Names, without case and punctuation, whose values are never logged: secrets, and what can hold one."""

NOISY = ("darabonba-core", "alibabacloud-tea", "urllib3.connectionpool")
"""Loggers of the SDKs that write whole requests: the first two with DEBUG=sdk, the last with a root level of DEBUG."""

_FRAMES = 5
_LONGEST_VALUE = 4000
_LINE_FIELDS = frozenset({"event"})  # structlog's own name for what a line is about


def open_log(level: str, *, secrets: tuple[str, ...] = (), stream: TextIO | None = None, **fields: str | None) -> Log:
    """Return a logger whose lines carry `fields`; forget the context of the invocation before."""
    silence_sdks()
    structlog.contextvars.clear_contextvars()
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _Cleaner(secrets),
        structlog.processors.JSONRenderer(),
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


class _Cleaner:
    """A structlog processor: the last one before a line becomes text."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def __call__(self, _logger: object, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
        return {
            str(name): self._clean(value) if name in _LINE_FIELDS else self._field(str(name), value)
            for name, value in line.items()
        }

    def _field(self, name: str, value: object) -> object:
        plain = "".join(c for c in name.rpartition(".")[2].lower() if c.isalnum())
        return MASK if plain in SECRET_NAMES else self._clean(value)

    def _clean(self, value: object) -> object:
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, dict):
            return {str(name): self._field(str(name), item) for name, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._clean(item) for item in value]
        return clean(str(value), self._secrets, limit=_LONGEST_VALUE)
