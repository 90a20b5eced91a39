"""A message as it was delivered, and the request it makes: validated, flattened, defaults filled in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.domain.create_instance.parameters import SECRET_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.create_instance.schema import Scalar, Violation
    from shared.domain.policy.document import Profile

DEFAULT_TIMEOUT_SECONDS = 900
FINGERPRINT_SCHEMA = 1
"""How this version computes fingerprints; a record names the schema of its own."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that is no request. What could be read of it is kept for the answer."""

    violations: tuple[Violation, ...]
    request_id: str | None = None
    region_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A valid message.

    `parameters` are flat under documented names (`"DataDisk.1.Size"`). An alternative is a flat overlay as given;
    None removes. `not_after` is in epoch seconds. `client_token` is the message's own ClientToken, which is not
    among the parameters. `warnings` are remarks that do not refuse. `deferred` counts how often the worker sent a copy
    again without a record.

    `profile` names a preset of the policy; `sent` is then the message as it was sent, when this is what it comes to
    with the preset. Without `sent` a message that names one cannot be called for. `forbidden` are the alternatives that
    the policy's rules forbid, by number from 1: they are skipped. `policy_version` says which policy: 0 is none.
    """

    request_id: str
    parameters: Mapping[str, Scalar] = field(repr=False)
    alternatives: tuple[Mapping[str, Scalar | None], ...] = field(default=(), repr=False)
    start: bool = True
    allocate_public_ip: bool = False
    timeout_seconds: int = DEFAULT_TIMEOUT_SECONDS
    on_failure: str = "keep"
    not_after: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    client_token: str | None = field(default=None, repr=False)
    warnings: tuple[Violation, ...] = ()
    deferred: int = 0
    profile: str | None = None
    release_after_seconds: int | None = None
    sent: Request | None = field(default=None, repr=False)
    policy_version: int = 0
    forbidden: Mapping[int, tuple[Violation, ...]] = field(default_factory=dict)

    def with_profile(self, profile: Profile) -> Request:
        """Return what the message comes to: its parameters over the profile's, what it does not say from there."""
        return replace(
            self,
            parameters=lay_over(profile.parameters, self.parameters),
            alternatives=self.alternatives or profile.alternatives,
            release_after_seconds=self.release_after_seconds or profile.release_after_seconds,
            sent=self,
        )

    @property
    def region_id(self) -> str:
        """The region everything happens in; no alternative can change it."""
        return str(self.parameters["RegionId"])

    @property
    def dry_run(self) -> bool:
        """Checks only: nothing is bought."""
        return self.parameters.get("DryRun") is True

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be seen outside the call itself."""
        return tuple(str(value) for name, value in self.parameters.items() if name in SECRET_PARAMETERS)

    def parameters_for(self, alternative: int) -> dict[str, Scalar]:
        """Return the parameters of the request itself (0) or with its n-th alternative laid over."""
        return lay_over(self.parameters, self.alternatives[alternative - 1]) if alternative else dict(self.parameters)

    def fingerprint(self) -> str:
        """Return a digest of the content as sent: everything but secrets, metadata, warnings and `deferred`.

        What a message leaves out that others before it did not know is not in it, so theirs stay as they are.
        """
        if self.sent is not None:
            return self.sent.fingerprint()
        content: dict[str, object] = {
            "parameters": {k: v for k, v in self.parameters.items() if k not in SECRET_PARAMETERS},
            "alternatives": list(self.alternatives),
            "start": self.start,
            "allocatePublicIp": self.allocate_public_ip,
            "timeoutSeconds": self.timeout_seconds,
            "onFailure": self.on_failure,
            "notAfter": self.not_after,
            "clientToken": self.client_token,
        }
        newer = {"profile": self.profile, "releaseAfterSeconds": self.release_after_seconds}
        content |= {name: value for name, value in newer.items() if value is not None}
        return hashlib.sha256(_canonical(content).encode()).hexdigest()


def fingerprint_in(schema: int, request: Request) -> str | None:
    """Return a request's fingerprint in a schema; None when this version cannot compute that one."""
    return request.fingerprint() if schema == FINGERPRINT_SCHEMA else None


def lay_over(parameters: Mapping[str, Scalar], overlay: Mapping[str, Scalar | None]) -> dict[str, Scalar]:
    """Lay a flat overlay over flat parameters: a list replaces the whole list, None removes."""
    replaced = {name.split(".", 1)[0] for name in overlay if is_list_item(name)} | {
        name for name, value in overlay.items() if value is None
    }
    kept = {k: v for k, v in parameters.items() if k not in replaced and k.split(".", 1)[0] not in replaced}
    kept.update({k: v for k, v in overlay.items() if v is not None})
    return kept


def is_list_item(name: str) -> bool:
    """Tell whether a flat name is an item of a list (`DataDisk.1.Size`, `Arn.2.RoleType`)."""
    return any(part.isdigit() for part in name.split("."))


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and what its delivery says of it.

    `body` is the message's text with any base64 taken off; it is left out of `repr` because it may hold secrets.
    `time` is the trigger event's own time in epoch seconds, the same at every delivery of the message.
    """

    message_id: str
    body: str = field(repr=False)
    time: float
