"""What can happen to a record. Each is a fact; `shared.domain.lifecycle.transitions` says what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.errors.model import ApiError
    from shared.domain.lifecycle.record import Created, Instance


@dataclass(frozen=True, slots=True)
class CallAnnounced:
    """A worker is about to call CreateInstance for the current generation, until `call_until` at the latest.

    It holds `places`. What it read of pause and limits lets it say so until `good_until`, no later.
    """

    claimant: str
    call_until: float
    places: tuple[str, ...] = ()
    good_until: float = inf


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A pause, or a limit (`code` says which), lets no call be made, not even one that this worker has announced.

    It holds `places` all the same.
    """

    claimant: str
    code: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InstanceCreated:
    """CreateInstance answered with an id for this generation."""

    generation: int
    created: Created


@dataclass(frozen=True, slots=True)
class DryRunPassed:
    """CreateInstance said that the request would have succeeded."""


@dataclass(frozen=True, slots=True)
class CreateFailed:
    """CreateInstance failed, or did not answer, for the worker that had announced the call.

    `jitter` in [0, 1) is the jitter of the wait that follows.
    """

    claimant: str
    generation: int
    error: ApiError
    jitter: float


@dataclass(frozen=True, slots=True)
class CopySent:
    """The message was sent again; the copy is due at `next_try_at`."""

    copy_id: str
    next_try_at: float


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """An operator takes the request back: who, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LookedUp:
    """ECS was asked for the instance that carries the request's tag: the oldest one, or none."""

    found: Instance | None


@dataclass(frozen=True, slots=True)
class LookUpFailed:
    """ECS did not tell; `jitter` is the jitter of the wait before it is asked again."""

    jitter: float


@dataclass(frozen=True, slots=True)
class Expired:
    """The deadline has passed and nothing more will be tried.

    `error` is what ECS last answered when it was asked how the instance is, if it did not tell.
    """

    error: ApiError | None = None


@dataclass(frozen=True, slots=True)
class SeenPresent:
    """The instance was in the status answer."""


@dataclass(frozen=True, slots=True)
class SeenAbsent:
    """The instance was missing from a status answer that can be believed."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """DescribeInstances confirmed in a later round that the instance is gone."""


@dataclass(frozen=True, slots=True)
class ReleaseTimeMoved:
    """The recorded release time (`instead_of`) cannot be set any more; another one can."""

    release_at: float
    instead_of: float


@dataclass(frozen=True, slots=True)
class LifetimeSet:
    """ECS was told when to release the instance."""


@dataclass(frozen=True, slots=True)
class AddressAllocated:
    """The instance has a public address; None when the answer did not name it."""

    address: str | None


@dataclass(frozen=True, slots=True)
class NoAddress:
    """The instance is ready but for its public address, which DescribeInstances does not show yet."""


@dataclass(frozen=True, slots=True)
class StartSent:
    """StartInstance was accepted."""


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step (lifetime, address, start, release) failed; `jitter` is the jitter of the wait that may follow."""

    stage: str
    error: ApiError
    jitter: float


@dataclass(frozen=True, slots=True)
class Ready:
    """The instance is in the state the request asked for."""

    instance: Instance


@dataclass(frozen=True, slots=True)
class DeleteAccepted:
    """DeleteInstance was accepted, or (`found` false) found nothing to delete."""

    found: bool = True


@dataclass(frozen=True, slots=True)
class Gone:
    """After its deletion was accepted the instance is in no answer any more."""


@dataclass(frozen=True, slots=True)
class PublishRefused:
    """The topic did not take the outcome; try again no earlier than `retry_at`."""

    retry_at: float


@dataclass(frozen=True, slots=True)
class Published:
    """The topic took the frozen bytes."""


Event = (
    CallAnnounced | HeldBack | CancelAsked | InstanceCreated | DryRunPassed | CreateFailed | CopySent | LookedUp
    | LookUpFailed | Expired
    | SeenPresent | SeenAbsent | Vanished | ReleaseTimeMoved | LifetimeSet | AddressAllocated | NoAddress | StartSent
    | StepFailed | Ready
    | DeleteAccepted | Gone
    | PublishRefused | Published
)  # fmt: skip
