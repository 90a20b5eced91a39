"""The record of one request: what is kept between two looks at it, and the digests that name things.

Its life is in `transitions`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import Any

from shared.domain.errors.model import ApiError


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


class State(str, Enum):
    """Where a request stands (design: the life of a record)."""

    CREATING = "creating"
    PENDING = "pending"
    STARTING = "starting"
    RELEASING = "releasing"
    COMPLETED = "completed"
    FAILED = "failed"


TERMINAL = frozenset({State.COMPLETED, State.FAILED})


@dataclass(frozen=True, slots=True)
class Generation:
    """One client token's worth of trying: generation numbers count from 1, alternative 0 is the request itself."""

    number: int
    alternative: int
    token: str
    overrides: dict[str, Any] = field(default_factory=dict)
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request ends badly: the stage and the error its outcome will name."""

    stage: str
    error: ApiError


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """What a polling round needs to know of open work before it reads the record."""

    request_id: str
    state: State
    region_id: str
    instance_id: str | None
    due_at: float
    deadline: float
    absent_since: float | None
    opened_at: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """Everything the worker remembers of a request; times are epoch seconds.

    Secrets are never among it. `calling` is true from the moment a call is announced until its answer is recorded;
    `unknown` from the first unknown answer of a generation until that generation is settled; `settling` says that
    nothing else can be tried before. `call_until` is the fence: no call of this generation runs later. `claimant` names
    who may call until then. `retry_at` is the earliest time of the next try; `next_try_at` and `copy_id` name the
    message copy that will make it. `outcome` are the frozen bytes.
    """

    request_id: str
    version: int
    state: State
    message_id: str
    accepted_at: float
    due_at: float
    # What the request asks for
    fingerprint: str = ""
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
    # Creating
    generations: tuple[Generation, ...] = ()
    claimant: str = ""
    calling: bool = False
    unknown: bool = False
    settling: bool = False
    call_until: float = 0.0
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
    start_sent_at: float | None = None
    # The end
    failure: Failure | None = None
    releasing_since: float | None = None
    deleted_at: float | None = None
    finished_at: float | None = None
    outcome: str | None = None
    published_at: float | None = None

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something for it."""
        return self.published_at is None

    @property
    def generation(self) -> Generation:
        """The generation that is being tried, or was last."""
        return self.generations[-1]

    @property
    def entry(self) -> OpenEntry:
        """The record's hint in the open set."""
        return OpenEntry(
            self.request_id, self.state, self.region_id, self.instance_id, self.due_at, self.deadline,
            self.absent_since, self.accepted_at,
        )  # fmt: skip

    def changed(self, **changes: Any) -> Record:
        """Return a copy with other values in some fields: what `dataclasses.replace` does, at a fifth of its cost."""
        if not changes.keys() <= _DEFAULTS.keys():
            raise TypeError(f"a record has no {', '.join(changes.keys() - _DEFAULTS.keys())}")
        after = object.__new__(Record)
        after.__dict__.update(self.__dict__, **changes)
        return after

    def to_json(self) -> str:
        """Return compact ASCII JSON; fields at their defaults are left out."""
        return _encode(_plain(self))

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        if "caller" in data:  # its name until 0.2
            data["claimant"] = data.pop("caller")
        data["state"] = State(data["state"])
        data["generations"] = tuple(Generation(**item) for item in data.get("generations", ()))
        if data.get("last_error"):
            data["last_error"] = ApiError(**data["last_error"])
        if data.get("failure"):
            data["failure"] = Failure(data["failure"]["stage"], ApiError(**data["failure"]["error"]))
        return cls(**data)


_DEFAULTS = {
    item.name: item.default if item.default_factory is MISSING else item.default_factory() for item in fields(Record)
}
_encode = json.JSONEncoder(separators=(",", ":")).encode


def _plain(record: Record) -> dict[str, Any]:
    kept = {
        name: value
        for name, value in record.__dict__.items()
        if value is not _DEFAULTS[name] and value != _DEFAULTS[name]
    }
    if record.last_error is not None:
        kept["last_error"] = _shallow(record.last_error)
    if record.failure is not None:
        kept["failure"] = {"stage": record.failure.stage, "error": _shallow(record.failure.error)}
    if record.generations:
        kept["generations"] = [_shallow(item) for item in record.generations]
    return kept


def _shallow(item: ApiError | Generation) -> dict[str, Any]:
    """Return the fields by name; what is in them is JSON already."""
    return {name: getattr(item, name) for name in item.__slots__}
