"""What every service of the cloud looks like to the rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from local.cloud.http import HttpRequest, HttpResponse


class ServiceError(Exception):
    """A refusal: HTTP status, the cloud's own code, words, and headers to go with it."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


@dataclass(slots=True)
class Call:
    """One call of an action. `parameters` are what the service read from the request.

    `vanish_after` is set by a `vanish` fault: what the call makes disappears after so many seconds.
    """

    action: str
    request: HttpRequest
    parameters: Any = None
    vanish_after: float | None = None


@dataclass(frozen=True, slots=True)
class LongPoll:
    """Nothing yet: ask again for up to `seconds`, then refuse with `otherwise`."""

    seconds: float
    otherwise: ServiceError


class Service(Protocol):
    """One service. Its methods run under the cloud's lock; they never wait."""

    name: str
    """`ecs`, `mns` or `ots`: what faults and call counters say."""

    def actions(self) -> Collection[str]:
        """Return the names of all actions."""

    def serves(self, request: HttpRequest) -> bool:
        """Tell whether a request is for this service."""

    def identify(self, request: HttpRequest) -> Call:
        """Name the action; raise ServiceError for an unknown one."""

    def authenticate(self, call: Call) -> None:
        """Check the signature; raise ServiceError."""

    def run(self, call: Call) -> HttpResponse | LongPoll:
        """Check the parameters and do it; raise ServiceError."""

    def refuse(self, request: HttpRequest, error: ServiceError) -> HttpResponse:
        """Put a refusal into this service's words."""

    def request_ids(self, call: Call) -> Iterable[str]:
        """Return the ids of the provisioning requests the call is about, for faults that match on one."""

    def state(self) -> Any:
        """Return what `GET /_local/state` shows under this service's name."""

    def reset(self) -> None:
        """Forget everything."""
