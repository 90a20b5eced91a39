"""The record of one request: what is kept between two looks at it, and the digests that name things.

Its life is in `transitions`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from shared.domain.message.request import fingerprint_in

if TYPE_CHECKING:
    from shared.domain.errors.model import ApiError
    from shared.domain.message.request import Request


def client_token(deployment: str, request_id: str, nonce: str, generation: int) -> str:
    """Return the ClientToken of one generation: 64 ASCII characters, no parameter in it.

    The nonce is made once, at the claim, and stored: a request id that is used again after its record is gone gets
    other tokens.
    """
    return digest("token", deployment, request_id, nonce, generation)


def event_id(*parts: str) -> str:
    """Return a CloudEvents id: the same parts give the same id."""
    return digest("event", *parts)[:32]


def digest(*parts: str | int) -> str:
    """Return a SHA-256 over parts that cannot run into each other."""
    return hashlib.sha256(_encode_parts(parts).encode()).hexdigest()


_encode_parts = json.JSONEncoder().encode


@dataclass(frozen=True, slots=True)
class Created:
    """CreateInstance's answer."""

    instance_id: str
    order_id: str | None = None
    trade_price: float | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """What DescribeInstances tells of one instance."""

    instance_id: str
    status: str
    instance_type: str = ""
    zone_id: str = ""
    private_ip_addresses: tuple[str, ...] = ()
    public_ip_address: str | None = None
    creation_time: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def created_at(self) -> float | None:
        """When it was created, in epoch seconds: ECS tells whole minutes. None when the answer does not say."""
        try:
            return datetime.strptime(f"{self.creation_time}+0000", "%Y-%m-%dT%H:%MZ%z").timestamp()
        except ValueError:
            return None


SCHEMA = 2
"""The schema of records and open entries that this version writes. 0.1 wrote the first and named none."""


class UnreadableRecord(Exception):
    """There is a record that this version cannot read; the text says why and quotes nothing of it."""


class State(str, Enum):
    """Where a request stands."""

    WAITING = "waiting"
    CREATING = "creating"
    PENDING = "pending"
    STARTING = "starting"
    RELEASING = "releasing"
    COMPLETED = "completed"
    FAILED = "failed"


TERMINAL = frozenset({State.COMPLETED, State.FAILED})
UNBOUGHT = frozenset({State.WAITING, State.CREATING})
"""The states without an instance that is known: a copy of the message goes on with them."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One client token's worth of trying: generation numbers count from 1, alternative 0 is the request itself.

    `others` are members that only a later version knows, here and below.
    """

    number: int
    alternative: int
    token: str
    overrides: dict[str, Any] = field(default_factory=dict)
    error_code: str | None = None
    others: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request ends badly: the stage and the error its outcome will name."""

    stage: str
    error: ApiError
    others: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """What a polling round needs to know of open work before it reads the record.

    It is made from the record and from nothing else, so a version that rewrites it loses nothing of a later one's.
    `state` is None where the entry of a later version cannot be understood: then only the record tells.
    """

    request_id: str
    state: State | None
    region_id: str
    instance_id: str | None
    due_at: float
    deadline: float
    absent_since: float | None
    opened_at: float
    schema: int = SCHEMA

    @classmethod
    def unclear(cls, request_id: str, due_at: object, opened_at: object, schema: int) -> OpenEntry:
        """Return what an entry tells that is of no use as a hint: that something is open there."""
        times = [float(time) if isinstance(time, (int, float)) else 0.0 for time in (due_at, opened_at)]
        return cls(request_id, None, "", None, times[0], times[0], None, times[1], schema)


@dataclass(frozen=True, kw_only=True)
class Record:
    """Everything the worker remembers of a request; times are epoch seconds.

    Secrets are never among it. `calling` is true from the moment a call is announced until its answer is recorded;
    `unknown` from the first unknown answer of a generation until that generation is settled; `settling` says that
    nothing else can be tried before. `call_until` is the fence: no call of this generation runs later. `claimant` names
    who may call until then. `retry_at` is the earliest time of the next try; `next_try_at` and `copy_id` name the
    message copy that will make it. `policy_version` is that of the policy in force at the acceptance, 0 for none;
    `forbidden` are the alternatives that it forbids, each with its number and why. `release_at` is when ECS is to
    release the instance, `lifetime_set_at` when it was told so. `outcome` are the frozen bytes. `others` are fields
    that only a later version knows; they are kept and written back.

    `held` is the code of what a waiting request waits for. `places` are the buckets in which it may hold a place;
    `not_after` is kept while it waits. `unreleasable` says of the request and each alternative why its instance could
    not be released, empty where it could. `cancel` is an operator's act: by whom, why, when.
    """

    request_id: str
    version: int
    state: State
    message_id: str
    accepted_at: float
    due_at: float
    # What the request asks for
    fingerprint: str = ""
    fingerprint_schema: int = 1
    nonce: str = ""
    region_id: str = ""
    tag: str = ""
    deadline: float = 0.0
    start: bool = True
    allocate_public_ip: bool = False
    on_failure: str = "keep"
    dry_run: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    alternatives: list[dict[str, Any]] = field(default_factory=list)
    # What the policy said of it
    policy_version: int = 0
    profile: str = ""
    forbidden: list[dict[str, Any]] = field(default_factory=list)
    release_after: int | None = None
    unreleasable: list[str] = field(default_factory=list)
    # Waiting
    held: str = ""
    places: tuple[str, ...] = ()
    not_after: float | None = None
    cancel: dict[str, Any] | None = None
    # Creating
    generations: tuple[Generation, ...] = ()
    claimant: str = ""
    calling: bool = False
    unknown: bool = False
    settling: bool = False
    call_until: float = 0.0
    sender_token: bool = False
    token_until: float = 0.0
    look_ups_failed: int = 0
    look_up_at: float = 0.0
    tries: int = 0
    retry_at: float = 0.0
    next_try_at: float | None = None
    copy_id: str | None = None
    last_error: ApiError | None = None
    # The instance
    instance_id: str | None = None
    created_at: float | None = None
    order_id: str | None = None
    trade_price: float | None = None
    absent_since: float | None = None
    public_ip_address: str | None = None
    release_at: float | None = None
    lifetime_set_at: float | None = None
    start_sent_at: float | None = None
    # The end
    failure: Failure | None = None
    releasing_since: float | None = None
    deleted_at: float | None = None
    finished_at: float | None = None
    outcome: str | None = None
    published_at: float | None = None
    # The version
    schema: int = SCHEMA
    others: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something for it."""
        return self.published_at is None

    @property
    def unsettled(self) -> bool:
        """Whether a call of this generation may have had its effect, and nobody knows yet."""
        return (self.calling or self.unknown) and not self.dry_run

    @property
    def generation(self) -> Generation:
        """The generation that is being tried, or was last."""
        return self.generations[-1]

    @property
    def kept_because(self) -> str:
        """Why the instance of this generation could not be released; empty when it could."""
        number = self.generation.alternative
        return self.unreleasable[number] if number < len(self.unreleasable) else ""

    @property
    def next_alternative(self) -> int | None:
        """The number of the alternative to try next, past those that the policy forbids; None when there is none."""
        forbidden = {item["alternative"] for item in self.forbidden}
        later = range(self.generation.alternative + 1, len(self.alternatives) + 1)
        return next((number for number in later if number not in forbidden), None)

    @property
    def entry(self) -> OpenEntry:
        """The record's hint in the open set."""
        return OpenEntry(
            self.request_id, self.state, self.region_id, self.instance_id, self.due_at, self.deadline,
            self.absent_since, self.accepted_at, self.schema,
        )  # fmt: skip

    def is_of(self, request: Request) -> bool:
        """Tell whether a message with this id asks for the same.

        Raises UnreadableRecord when the fingerprint is of a schema that this version cannot compute.
        """
        fingerprint = fingerprint_in(self.fingerprint_schema, request)
        if fingerprint is None:
            raise UnreadableRecord(f"a fingerprint of schema {self.fingerprint_schema}")
        return fingerprint == self.fingerprint

    def changed(self, **changes: Any) -> Record:
        """Return a copy with other values in some fields: what `dataclasses.replace` does, at a fifth of its cost."""
        if not changes.keys() <= DEFAULTS.keys():
            raise TypeError(f"a record has no {', '.join(changes.keys() - DEFAULTS.keys())}")
        after = object.__new__(Record)
        after.__dict__.update(self.__dict__, **changes)
        return after


DEFAULTS = {
    item.name: item.default if item.default_factory is MISSING else item.default_factory() for item in fields(Record)
}
"""Every field of a record, with what it is when nothing is said."""
