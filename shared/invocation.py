"""What both functions do first: settings, credentials, ports and the time there is."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.bootstrap import bootstrap
from shared.domain.errors import catalogue
from shared.logs import describe, open_log
from shared.ports import PortError
from shared.settings import Credentials, CredentialsMissing, Settings, SettingsError, read_credentials
from shared.trigger import NotABatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.ports import Ports

UNKNOWN_TIMEOUT = 60.0
"""The time limit that is assumed when the context does not tell it; the platform's own default."""

_MARGIN = 0.1
_LONGEST_MARGIN = 30.0
_SAFE = (SettingsError, CredentialsMissing, PortError, NotABatch)
"""Exceptions whose text is ours and holds no secret."""

_refused: set[Credentials] = set()
"""Keys that a run of this process found to be refused."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of a function. No work starts that could last past `ends_at` (epoch seconds)."""

    settings: Settings
    ports: Ports
    ends_at: float
    credentials: Credentials = field(repr=False)

    def note_refused_keys(self) -> None:
        """Remember that these keys are refused: the next invocation ends the process, unless it brings other keys."""
        _refused.add(self.credentials)


def warm_up(context: object, environ: Mapping[str, str]) -> None:
    """Pay for imports, clients and settings before the first invocation; raises what `begin` raises.

    The error catalogue is read here: the first error may be that no file can be opened any more. What is there by then
    stays, so the garbage collector need not look at it again.
    """
    begin(context, environ)
    catalogue.load()
    gc.freeze()


def begin(context: object, environ: Mapping[str, str]) -> Invocation:
    """Make an invocation from the platform's context, in its 3.10 or its 3.12 shape.

    Raises SettingsError and CredentialsMissing, and SystemExit when the keys are still those that were refused before:
    a living process may never see renewed ones, a new process does. The tenth of the time limit that is kept back is
    for writing down what the last call answered.
    """
    settings, credentials = Settings.from_environment(environ), read_credentials(context, environ)
    ports = bootstrap(settings, credentials, request_id=getattr(context, "request_id", None))
    if credentials in _refused:
        ports.log.warning("keys_not_renewed")
        raise SystemExit(1)
    limit = _time_limit(context)
    ends_at = ports.clock.now() + limit - min(limit * _MARGIN, _LONGEST_MARGIN)
    return Invocation(settings, ports, ends_at, credentials)


def report(name: str, error: Exception, context: object) -> str:
    """Log an exception nobody expected, and return a text for it that holds no secret."""
    log = open_log("info", invocation=getattr(context, "request_id", None))
    text = str(error) if isinstance(error, _SAFE) else "unexpected; see where"
    log.error(name, error=text, **describe(error))
    return f"{type(error).__name__}: {text}"


def _time_limit(context: object) -> float:
    function = getattr(context, "function", None)
    limit = function.get("timeout") if isinstance(function, dict) else getattr(function, "timeout", None)
    try:
        return float(limit or UNKNOWN_TIMEOUT)
    except (TypeError, ValueError):
        return UNKNOWN_TIMEOUT
