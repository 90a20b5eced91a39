"""The envelope of a message, as a marshmallow schema, and where it contradicts the parameters."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from marshmallow import RAISE, Schema, ValidationError, validate

from shared.domain.create_instance.json_types import Repeated, Strict, has_lone_surrogate, kind_of, printable
from shared.domain.policy.entries import MAX_ALTERNATIVES, PROFILE_NAME, RELEASE_AFTER, Lifetime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.domain.create_instance.schema import Scalar

MIN_TIMEOUT_SECONDS = 60
MAX_TIMEOUT_SECONDS = 86400
MAX_METADATA = 20
MAX_METADATA_KEY = 64
MAX_METADATA_VALUE = 256
MAX_METADATA_BYTES = 8192
DEFERRED = "deferred"
"""The worker's own field."""
MAX_DEFERRED = 10
"""How often a message of which nothing is recorded is sent again before it is refused."""
REQUEST_ID = "[A-Za-z0-9._:-]{1,64}"
LAST_SECOND = 253_402_300_799.0
"""Of the year 9999: a fraction more could be rounded to a time that no outcome can write."""
ON_FAILURE = ("keep", "release")

UNKNOWN = "there is no such field"
REQUIRED = "is required"

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII
)


class Time(Strict):
    """An RFC 3339 time, as epoch seconds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(str, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        text = super()._deserialize(value, attr, data, **kwargs)
        seconds = epoch_seconds(text)
        if seconds is None:
            raise ValidationError("must be an RFC 3339 time such as 2026-11-25T00:00:00Z")
        return seconds


def epoch_seconds(text: str) -> float | None:
    """Return an RFC 3339 time as epoch seconds, or None when it is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, sign, hours, minutes = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=timezone.utc)
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        seconds = (moment - offset if sign == "+" else moment + offset).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(seconds + float(f"0.{fraction or 0}"), LAST_SECOND)


class Metadata(Strict):
    """Up to 20 pairs of strings. Errors are keyed by the pair's key, None for those of the whole."""

    def __init__(self, **options: Any) -> None:
        super().__init__(dict, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if isinstance(value, Repeated):
            raise ValidationError({printable(name): ["is given twice"] for name in value.names})
        pairs: dict[str, str] = super()._deserialize(value, attr, data, **kwargs)
        wrong: dict[str | None, list[str]] = {}
        if len(pairs) > MAX_METADATA:
            wrong[None] = [f"must have at most {MAX_METADATA} pairs, and has {len(pairs)}"]
        wrong |= {printable(key): [words] for key, item in pairs.items() if (words := _pair(key, item))}
        if wrong:
            raise ValidationError(wrong)
        if len(json.dumps(pairs, separators=(",", ":"))) > MAX_METADATA_BYTES:
            raise ValidationError(f"must take at most {MAX_METADATA_BYTES} bytes as ASCII JSON")
        return pairs


def _pair(key: str, value: object) -> str | None:
    if len(key) > MAX_METADATA_KEY:
        return f"must have a key of at most {MAX_METADATA_KEY} characters"
    if not isinstance(value, str):
        return f"must be a string, not {kind_of(value)}"
    if len(value) > MAX_METADATA_VALUE:
        return f"must be at most {MAX_METADATA_VALUE} characters long"
    if has_lone_surrogate(key) or has_lone_surrogate(value):
        return "must be valid Unicode text"
    return None


class Envelope(Schema):
    """The message's own fields. Errors are keyed by the names in the message; what is absent stays absent."""

    class Meta:
        """Anything else is refused."""

        unknown = RAISE

    error_messages = {"unknown": UNKNOWN}  # noqa: RUF012 - marshmallow's way

    request_id = Strict(
        str,
        data_key="requestId",
        required=True,
        validate=validate.Regexp(REQUEST_ID + r"\Z", error="must be 1 to 64 characters of A-Z a-z 0-9 . _ : -"),
    )
    profile = Strict(
        str,
        validate=validate.Regexp(PROFILE_NAME + r"\Z", error="must be 1 to 64 characters of A-Z a-z 0-9 . _ -"),
    )
    parameters = Strict(dict)
    alternatives = Strict(
        list,
        validate=validate.Length(max=MAX_ALTERNATIVES, error=f"must have at most {MAX_ALTERNATIVES} items"),
    )
    start = Strict(bool)
    allocate_public_ip = Strict(bool, data_key="allocatePublicIp")
    timeout_seconds = Strict(
        int,
        data_key="timeoutSeconds",
        validate=validate.Range(
            MIN_TIMEOUT_SECONDS,
            MAX_TIMEOUT_SECONDS,
            error=f"must be from {MIN_TIMEOUT_SECONDS} to {MAX_TIMEOUT_SECONDS}",
        ),
    )
    on_failure = Strict(
        str,
        data_key="onFailure",
        validate=validate.OneOf(ON_FAILURE, error=f"must be one of {', '.join(ON_FAILURE)}"),
    )
    not_after = Time(data_key="notAfter", allow_none=False)
    release_after_seconds = Lifetime(data_key=RELEASE_AFTER)
    metadata = Metadata()
    deferred = Strict(
        int,
        validate=validate.Range(
            0, MAX_DEFERRED, error=f"is the worker's own: must be from 0 to {MAX_DEFERRED}, or better absent"
        ),
    )


_ENVELOPE = Envelope()
FIELDS = tuple(field.data_key or name for name, field in _ENVELOPE.fields.items() if name != DEFERRED)
"""The names of a sender's fields as they are in a message."""


def read_envelope(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields by attribute; raise marshmallow's ValidationError."""
    fields: dict[str, Any] = _ENVELOPE.load(given)
    return fields


def lacks_parameters(given: Mapping[str, Any]) -> bool:
    """Tell whether a message has neither parameters nor a profile that would bring them."""
    return "parameters" not in given and "profile" not in given


@dataclass(frozen=True, slots=True)
class Asked:
    """The envelope's fields that parameters can contradict."""

    release: bool
    allocate_public_ip: bool
    lifetime: bool = False


def conflicts(asked: Asked, flat: Mapping[str, Scalar | None]) -> Iterator[tuple[str, str, str]]:
    """Yield the envelope's field, the parameter that contradicts it, and the words."""
    if asked.release:
        for name, why in unreleasable(flat):
            yield "onFailure", name, f"release is impossible when {name} is {why}"
    if asked.allocate_public_ip and flat.get("InternetMaxBandwidthOut") in (None, 0):
        name = "InternetMaxBandwidthOut"
        yield "allocatePublicIp", name, f"a public address needs {name} above 0"
    if asked.lifetime and flat.get("InstanceChargeType") == "PrePaid":
        yield RELEASE_AFTER, "InstanceChargeType", "ECS releases no subscription: InstanceChargeType is PrePaid"


def unreleasable(flat: Mapping[str, Scalar | None]) -> Iterator[tuple[str, str]]:
    """Yield the parameters with which an instance, or a disk of it, would outlive its release, and their values."""
    if flat.get("InstanceChargeType") == "PrePaid":
        yield "InstanceChargeType", "PrePaid"
    if flat.get("DeletionProtection") is True:
        yield "DeletionProtection", "true"
    for name, value in flat.items():
        if value is False and name.startswith("DataDisk.") and name.endswith(".DeleteWithInstance"):
            yield name, "false"
