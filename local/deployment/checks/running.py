"""What the log shows: the timer runs, lines can be asked for as the alarms do, clocks agree, nothing was refused."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from local.deployment.check import Check, Site, Verdict, compared, no, unknown, yes
from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import ApiError

if TYPE_CHECKING:
    from local.deployment.ports import Data

MINUTE = 60
WINDOW = 10 * MINUTE
FEWEST = 3
"""Runs of the timer within ten minutes: a new deployment has that many soon, and the log is a minute late."""
LIMIT = 100
SKEW = "PROVISIONER_SKEW_SECONDS"
OWN_CLOCK_SECONDS = 300
"""How far this machine's clock may be off: signatures of some services are good for no more than 15 minutes."""
RUN = "message.event: run"
FAILED = " or ".join(
    f"message.event: {event}"
    for event in ("call_failed", "store_unavailable", "send_failed", "publish_failed", "authentication_failed")
)
MOST_FAILED = 1000
"""Lines that are looked through for refusals: throttled calls write such lines, too."""


def timer_runs(site: Site) -> Verdict:
    """Tell whether the timer wrote its line a few times within ten minutes."""
    lines = _lines(site, RUN)
    if len(lines) >= FEWEST:
        return yes(f"{len(lines)} runs within ten minutes")
    return no(
        f"{len(lines)} runs of the timer within ten minutes",
        "just deployed: wait five minutes. Otherwise see timer, function-poll and log-lines",
    )


def log_lines(site: Site) -> Verdict:
    """Tell whether lines are JSON in the field `message`, beside the platform's own: what the alarms ask for."""
    name = site.wanted["PollFunction"]["FunctionName"]
    lines = _lines(site, f"functionName: {name}")
    if not lines:
        return unknown("the log store has no line of the timer function within ten minutes", "see timer and roles")
    said = []
    if not any(isinstance(line.get("message"), dict) for line in lines):
        said.append(f"no line has JSON in the field message; fields are {_fields(lines)}")
    if not any("hasFunctionError" in line for line in lines):
        said.append(f"no line of request metrics has hasFunctionError; fields are {_fields(lines)}")
    return compared(
        said, "lines are as the alarms ask for them", "report the fields: the queries of the alarms have to name them"
    )


def clocks(site: Site) -> Verdict:
    """Tell whether this machine's clock, the cloud's and the functions' agree."""
    clock = site.account.clock
    own = abs(clock.here() - clock.there())
    said = [f"this machine's clock is {own:.0f} s off"] if own > OWN_CLOCK_SECONDS else []
    allowed = float(site.wanted["PollFunction"]["EnvironmentVariables"][SKEW])
    off = [seconds for line in _lines(site, RUN) if (seconds := _off(line)) is not None]
    if off and max(off) > allowed:
        said.append(f"a function's clock is {max(off):.0f} s from the log store's, more than {SKEW} ({allowed:g})")
    functions = f"; functions are within {max(off):.0f} s of the log store" if off else ""
    return compared(
        said,
        f"this machine is within {own:.0f} s of the cloud{functions}",
        f"set this machine's clock (NTP); for a function, raise {SKEW}",
    )


def _off(line: Data) -> float | None:
    """Return how far the line's own time is from when it was collected, None where either is not told."""
    message = line.get("message")
    try:
        said = datetime.fromisoformat(str(message["time"]).replace("Z", "+00:00"))  # type: ignore[index]
        return abs(float(line["__time__"]) - said.timestamp())
    except (KeyError, TypeError, ValueError):
        return None


def refusals(site: Site) -> Verdict:
    """Tell whether no call of the functions was refused for want of a right."""
    now = site.account.clock.here()
    lines = site.logs.search(FAILED, now - WINDOW, now, MOST_FAILED)
    said = sorted({f"{_of(line, 'action') or _of(line, 'event')}: {_of(line, 'code')}" for line in lines
                   if _is_refused(line)})  # fmt: skip
    return compared(
        said,
        "no call of the functions was refused within ten minutes",
        "see roles; what a message asks for may need more: RamRoleName needs PassRoleArn",
    )


def _is_refused(line: Data) -> bool:
    """Tell whether a line is of a call that was refused, as the worker itself judges codes."""
    code, status = _of(line, "code"), _of(line, "status")
    error = ApiError("", int(status) if status.isdecimal() else None, code, "")
    return bool(code) and classify(error).category in ("permission", "authentication")


def _of(line: Data, name: str) -> str:
    message = line.get("message")
    return str(message.get(name) or "") if isinstance(message, dict) else ""


def _lines(site: Site, query: str) -> list[Data]:
    now = site.account.clock.here()
    return site.logs.search(query, now - WINDOW, now, LIMIT)


def _fields(lines: list[Data]) -> str:
    return ", ".join(sorted({name for line in lines for name in line}))


CHECKS = (
    Check("timer-runs", timer_runs),
    Check("log-lines", log_lines),
    Check("clocks", clocks),
    Check("refusals", refusals),
)
