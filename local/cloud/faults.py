"""Faults as data: what the cloud does wrong on purpose, set by `POST /_local/faults`."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.cloud.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

EFFECTS = ("lose-request", "lose-response", "delay", "vanish")
_FIELDS = {"service", "action", "match", "skip", "times", "error", "effect", "delaySeconds"}


@dataclass(slots=True)
class Fault:
    """One fault: it lets `skip` matching calls pass, then strikes `times` of them.

    `error` answers instead of the service. `lose-request` ends the connection before anything is done,
    `lose-response` after. `delay` holds the request for `delay_seconds` of machine time before it is handled.
    `vanish` lets what the call makes disappear after `delay_seconds` of the cloud's time.
    """

    service: str
    action: str
    request_id: str | None = None
    skip: int = 0
    times: int = 1
    error: ServiceError | None = None
    effect: str | None = None
    delay_seconds: float = 0.0
    number: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return what `GET /_local/faults` shows: the fault as it would be given, and its id."""
        data: dict[str, Any] = {
            "id": self.number, "service": self.service, "action": self.action, "skip": self.skip, "times": self.times,
        }  # fmt: skip
        if self.request_id is not None:
            data["match"] = {"requestId": self.request_id}
        if self.error is not None:
            data["error"] = {"status": self.error.status, "code": self.error.code}
        else:
            data |= {"effect": self.effect, "delaySeconds": self.delay_seconds}
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any], actions: Mapping[str, Callable[[], Collection[str]]]) -> Fault:
        """Read one fault; raise ValueError saying what is wrong with it. `actions` are the known ones by service."""
        if not isinstance(data, dict):
            raise ValueError("a fault is an object")  # noqa: TRY004 - one kind of error for bad input
        if unknown := sorted(set(data) - _FIELDS):
            raise ValueError(f"unknown fields {unknown}; a fault has {sorted(_FIELDS)}")
        service, action = str(data.get("service")), str(data.get("action"))
        if service not in actions:
            raise ValueError(f"a fault needs a service of {sorted(actions)}")
        if action not in actions[service]():
            raise ValueError(f"a fault needs an action of {service}: {sorted(actions[service]())}")
        effect, error = data.get("effect"), data.get("error")
        if (effect is None) == (error is None) or (effect is not None and effect not in EFFECTS):
            raise ValueError(f"a fault has either an error or an effect of {EFFECTS}")
        if effect == "vanish" and action != "CreateInstance":
            raise ValueError("only what CreateInstance makes can vanish")
        match = data.get("match") or {}
        if set(match) - {"requestId"}:
            raise ValueError("a fault can match on requestId only")
        return cls(
            service,
            action,
            match.get("requestId"),
            int(data.get("skip", 0)),
            int(data.get("times", 1)),
            _error(error) if error is not None else None,
            effect,
            float(data.get("delaySeconds", 0)),
        )


@dataclass(slots=True)
class Faults:
    """The faults that still wait for their calls. `actions` returns the known actions of each service."""

    actions: Mapping[str, Callable[[], Collection[str]]]
    pending: list[Fault] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    def add(self, data: Any) -> None:
        """Add one fault or a list; raise ValueError and add none when one of them is wrong."""
        added = [Fault.from_json(item, self.actions) for item in (data if isinstance(data, list) else [data])]
        for fault in added:
            fault.number = next(self._numbers)
        self.pending.extend(added)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the faults that wait, first come first."""
        return [fault.to_json() for fault in self.pending]

    def remove(self, number: str) -> None:
        """Remove one fault by its id, every one when none is named; raise ValueError for an id that does not wait."""
        left = [fault for fault in self.pending if number and str(fault.number) != number]
        if number and len(left) == len(self.pending):
            raise ValueError(f"no fault {number} is waiting")
        self.pending = left

    def take(self, service: str, action: str, request_ids: Callable[[], Iterable[str]]) -> Fault | None:
        """Return the first fault that strikes this call, used up by one."""
        if not self.pending:
            return None
        ids: set[str] | None = None
        struck = None
        for fault in self.pending:
            if fault.service != service or fault.action != action:
                continue
            if fault.request_id is not None:
                ids = set(request_ids()) if ids is None else ids
                if fault.request_id not in ids:
                    continue
            if fault.skip > 0:
                fault.skip -= 1
            elif struck is None:
                fault.times -= 1
                struck = fault
        self.pending = [fault for fault in self.pending if fault.times > 0]
        return struck


def _error(data: Any) -> ServiceError:
    if not isinstance(data, dict) or not isinstance(data.get("status"), int) or not isinstance(data.get("code"), str):
        raise ValueError("an error has a status (a number), a code, and perhaps message and headers")  # noqa: TRY004 - one kind of error for bad input
    headers = {str(name): str(value) for name, value in (data.get("headers") or {}).items()}
    return ServiceError(data["status"], data["code"], str(data.get("message", "injected fault")), headers)
