"""The ports of the two use cases: what they need of the world, and how it may fail.

Every port call either answers or raises one of the exceptions below; nothing else is expected by the use cases. A
record that this version cannot read is the domain's UnreadableRecord.

    PortError
    ├── ApiFailure         ECS refused, or did not answer (`error.http_status is None`)
    ├── StoreUnavailable   the store did not answer, or refused
    ├── Conflict           a conditional write found another version
    ├── UnreadablePolicy   there is a policy that this version cannot read
    ├── SendFailed         a message could not be sent again
    └── PublishFailed      an outcome could not be published
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from shared.domain.lifecycle.record import Created, Instance
from shared.domain.policy.control import InForce, StoredPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.errors.model import ApiError
    from shared.domain.lifecycle.record import OpenEntry, Record
    from shared.domain.policy.control import Pause, Steering
    from shared.domain.policy.document import Policy


__all__ = [
    "IDENTITY_DIGITS", "POLICY_SECONDS", "ApiFailure", "Clock", "Compute", "Conflict", "Control", "Created", "Entropy",
    "InForce", "Instance", "Lease", "Log", "Outcomes", "Policies", "PortError", "Ports", "PublishFailed", "Queue",
    "SendFailed", "Store", "StoreUnavailable", "StoredPolicy", "UnreadablePolicy",
]  # fmt: skip


IDENTITY_DIGITS = 8
POLICY_SECONDS = 30.0
"""How late a new policy, or a pause, may be noticed."""


class PortError(Exception):
    """Something outside the worker did not do what it was asked."""


class ApiFailure(PortError):
    """An ECS call did not succeed; `error` says how. Its text carries no secret."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(f"{error.action}: {error.http_status or 'no answer'} {error.code}")
        self.error = error


class StoreUnavailable(PortError):
    """The store did not answer or refused (`code` says how); whether a write was done is unknown."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Conflict(PortError):
    """A conditional write found another version than the one it was made from."""


class UnreadablePolicy(PortError):
    """There is a policy that this version cannot read, or none of the wanted number: nothing may be bought by it."""


class SendFailed(PortError):
    """The queue did not take a message (`code` says how it refused); whether a copy exists is unknown."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class PublishFailed(PortError):
    """The topic did not take an outcome (`code` says how it refused); whether a copy exists is unknown.

    `refused` is true when the topic answered with a 4xx: trying again at once is of no use.
    """

    def __init__(self, message: str, *, refused: bool = False, code: str = "") -> None:
        super().__init__(message)
        self.refused = refused
        self.code = code


class Compute(Protocol):
    """ECS. Every method raises ApiFailure; a client-side retry never happens behind it."""

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        """Call CreateInstance with flat documented parameters, ClientToken and Tag.N among them."""

    def statuses(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, str]:
        """Return the status of at most 50 instances by id; unknown ids are absent."""

    def describe(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, Instance]:
        """Return at most 100 instances by id; unknown ids are absent."""

    def find_by_tag(self, region_id: str, key: str, value: str) -> list[Instance]:
        """Return every instance that carries the tag, oldest first."""

    def set_release_time(self, region_id: str, instance_id: str, release_at: float) -> None:
        """Call ModifyInstanceAutoReleaseTime with a whole minute (epoch seconds), 30 minutes to 3 years ahead."""

    def start(self, region_id: str, instance_id: str) -> None:
        """Call StartInstance."""

    def allocate_address(self, region_id: str, instance_id: str) -> str:
        """Call AllocatePublicIpAddress and return the address."""

    def delete(self, region_id: str, instance_id: str) -> None:
        """Call DeleteInstance with Force."""


class Queue(Protocol):
    """The request queue, for sending a message again."""

    def send(self, body: str, delay_seconds: int) -> str:
        """Send a body with a delay (0-604800 s) and return the copy's message id; raise SendFailed."""


class Outcomes(Protocol):
    """The result topic."""

    def publish(self, body: str, tag: str) -> None:
        """Publish ASCII bytes with a message tag; raise PublishFailed."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to make polling rounds, and what the last holder left for the next one.

    `cursor` is the (due, request id) a round stopped at when its time was up, None after a whole pass.
    `last_open_at` is when open work was last seen.
    """

    holder: str
    until: float
    cursor: tuple[float, str] | None = None
    last_open_at: float = 0.0


class Store(Protocol):
    """Records under conditional writes, and the set of those that are open.

    All methods raise StoreUnavailable when the store does not answer. A write whose answer was lost is resolved by
    reading back inside the adapter where that is possible.
    """

    def identity(self) -> str:
        """Return the 8 hexadecimal digits that the store was given at its first use, the same ever since."""

    def get(self, request_id: str) -> Record | None:
        """Return the record, or None; raise UnreadableRecord."""

    def claim(self, record: Record) -> Record | None:
        """Put the open entry, then create the record if there is none; return None, or the record that is there.

        The record's version is 1. Raises UnreadableRecord for what is there and cannot be read: it stays.
        """

    def update(self, record: Record) -> None:
        """Replace the record whose version is one less than this one's, and its open entry; raise Conflict.

        An entry whose record is no longer open (`record.open` is false) leaves the open set, after the record is
        written.
        """

    def open_work(self, now: float, after: tuple[float, str] | None = None) -> Iterator[OpenEntry]:
        """Yield the entries due at `now` in order of (due_at, request_id) after the given key, page by page.

        An iteration may be long: it tolerates writes to the entries already yielded. An entry that this version cannot
        understand comes without a state (`OpenEntry.unclear`).
        """

    def next_due(self) -> float | None:
        """Return when the first of what is open is due, past or to come; None when nothing is open."""

    def forget(self, entry: OpenEntry) -> None:
        """Drop an open entry that has no record."""

    def take_lease(self, name: str, holder: str, now: float, seconds: float) -> Lease | None:
        """Take or renew the lease if it is free, over or ours; return it as it stands, or None."""

    def lease(self, name: str) -> Lease | None:
        """Return a lease as it stands, whoever holds it and however long ago it ended; None if nobody ever took it."""

    def save_lease(self, name: str, lease: Lease) -> bool:
        """Write what the holder leaves behind (an `until` in the past gives it up); False when it is no longer ours."""

    def purge(self, before: float, limit: int) -> int:
        """Remove at most `limit` finished records that were published before; return how many.

        The places of hours before then go, too.
        """

    def policy(self) -> StoredPolicy | None:
        """Return the policy in force, or None when none was ever set."""

    def policy_version(self, version: int) -> StoredPolicy | None:
        """Return a version of the policy, in force or not; all are kept. None when there is no such version."""

    def put_policy(self, policy: StoredPolicy) -> None:
        """Put a policy in force in the place of the version before it; raise Conflict when another one is in force."""

    def take_place(self, bucket: str, holder: str, limit: int, now: float) -> bool:
        """Take a place of a bucket, unless `limit` others are taken; True when the holder has one.

        Asking again changes nothing. One conditional write, and a read when its condition does not hold.
        """

    def give_back(self, bucket: str, holder: str) -> None:
        """Give back the holder's place, if he has one: one conditional write."""

    def holders(self, bucket: str) -> dict[str, float]:
        """Return who holds a place of a bucket, and since about when."""

    def pause(self) -> Pause | None:
        """Return the operators' last word on whether anything may be bought; None when nobody ever said one."""

    def put_pause(self, pause: Pause, before: Pause | None) -> None:
        """Put another in the place of the word that was read before; raise Conflict when somebody else was first."""


class Control(Protocol):
    """The operators' pause, kept for a while like the policy."""

    def current(self, now: float) -> Steering:
        """Return it as it stood POLICY_SECONDS ago at the earliest; raise StoreUnavailable."""


class Policies(Protocol):
    """The policy, kept for a while: asking for it does not mean reading it.

    Both methods raise StoreUnavailable and UnreadablePolicy.
    """

    def current(self, now: float, max_age: float = POLICY_SECONDS) -> InForce:
        """Return the policy in force, read at most `max_age` seconds before."""

    def version(self, number: int) -> Policy:
        """Return what a version says; it never changes."""


class Clock(Protocol):
    """UTC time in epoch seconds, and waiting."""

    def now(self) -> float:
        """Return the time."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Entropy(Protocol):
    """Randomness, injected so that a seed decides everything."""

    def token(self) -> str:
        """Return 32 hexadecimal characters that never repeat (nonces, holders)."""

    def jitter(self) -> float:
        """Return a number in [0, 1) for jitter."""


class Log(Protocol):
    """A structured logger (structlog's): an event name and fields."""

    def info(self, event: str, **fields: Any) -> None:
        """Write one line."""

    def warning(self, event: str, **fields: Any) -> None:
        """Write one line that somebody may want to look at."""

    def error(self, event: str, **fields: Any) -> None:
        """Write one line that somebody has to look at."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a use case touches."""

    compute: Compute
    store: Store
    queue: Queue
    outcomes: Outcomes
    clock: Clock
    entropy: Entropy
    log: Log
    policies: Policies
    control: Control
