"""Outcomes: the CloudEvents that answer a message. Frozen once; then only their bytes are used."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import ApiError, Retry
from shared.domain.lifecycle.record import Failure, Record, State, event_id
from shared.domain.lifecycle.verdicts import attempts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.create_instance.schema import Violation
    from shared.domain.lifecycle.events import CancelAsked
    from shared.domain.lifecycle.record import Instance, Record
    from shared.domain.message.request import Refusal
    from shared.domain.timings import Timings

SCHEMA = "urn:provisioner:schema:outcome:1"
COMPLETED = "completed"
FAILED = "failed"
MAX_BYTES = 48 * 1024
MAX_VIOLATIONS = 50
_MAX_FIELD = 200
_MAX_TEXT = 600


def rfc3339(seconds: float) -> str:
    """Write an epoch time the way every field of an outcome does."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tag_of(outcome: str) -> str:
    """Return the message tag of frozen bytes."""
    return str(json.loads(outcome)["type"]).rpartition(".")[2]


def completed(record: Record, instance: Instance | None, now: float, timings: Timings) -> str:
    """Return the bytes for a request that got what it asked for; `instance` is None for a dry run."""
    data = _data(record, attempts(record, to_the_end=False), now)
    if instance is None:
        return _event(COMPLETED, record, {**data, "instance": None, "dryRun": True}, now, timings)
    data["instance"] = {
        "instanceId": instance.instance_id,
        "status": instance.status,
        "instanceType": instance.instance_type,
        "zoneId": instance.zone_id,
        "privateIpAddresses": list(instance.private_ip_addresses),
        "publicIpAddress": instance.public_ip_address or record.public_ip_address,
        "orderId": record.order_id,
        "tradePrice": record.trade_price,
        **_release_at(record),
    }
    return _event(COMPLETED, record, data, now, timings)


def failed(record: Record, failure: Failure, instance: dict[str, Any] | None, now: float, timings: Timings) -> str:
    """Return the bytes for a request that failed; `instance` is None or says what became of it."""
    data = {
        **_data(record, attempts(record, to_the_end=failure.stage == "create"), now),
        "stage": failure.stage,
        "error": error_data(failure.error),
        "instance": instance,
    }
    return _event(FAILED, record, data, now, timings)


def error_data(error: ApiError) -> dict[str, Any]:
    """Describe an error: the service's words, and what the catalogue says to do."""
    verdict = classify(error)
    return {
        "code": error.code or "NoAnswer",
        "httpStatus": error.http_status,
        "message": error.message[:_MAX_TEXT],
        "category": verdict.category,
        "retry": verdict.retry.value,
        "parameter": verdict.parameter,
        "remedy": verdict.remedy,
        "apiRequestId": error.request_id,
    }


def refused(
    refusal: Refusal, message_id: str, time: float, timings: Timings, *, duplicate_of: str | None = None
) -> str:
    """Return the bytes for a message that is no request, made from the message and its delivery alone."""
    shown = refusal.violations[:MAX_VIOLATIONS]
    data: dict[str, Any] = {
        "requestId": refusal.request_id,
        "messageId": message_id,
        "regionId": refusal.region_id,
        "attempts": [],
        "acceptedAt": rfc3339(time),
        "finishedAt": rfc3339(time),
        "metadata": dict(refusal.metadata),
        "stage": "message",
        "refused": True,
        "error": _refusal_error(shown[0]),
        "violations": [_violation(item) for item in shown],
        "violationsOmitted": len(refusal.violations) - len(shown),
        "instance": None,
    }
    if duplicate_of is not None:
        data["duplicateOf"] = duplicate_of
    readable = refusal.request_id if duplicate_of is None else None
    envelope = _envelope(
        FAILED, event_id("refused", timings.deployment, message_id), readable or message_id, time, timings
    )
    return _fit({**envelope, "data": data})


def _refusal_error(first: Violation) -> dict[str, Any]:
    data = error_data(ApiError("message", 400, first.code, first.message))
    field = first.field[:_MAX_FIELD]
    if field and first.code in _OUR_SHAPE:
        # The catalogue's remedy for these is about what the API means by them.
        words = data["message"] if data["message"].endswith(("?", ".")) else f"{data['message']}."
        data["remedy"] = f"{_OUR_SHAPE[first.code]} {field} and send the message again: {words}"
    elif first.code in _OUR_OWN:
        data["remedy"] = _OUR_OWN[first.code]
    # `never`, whatever the code means when the API sends it: nothing but another message helps.
    return {**data, "retry": Retry.NEVER.value, "parameter": field or data["parameter"]}


_OUR_SHAPE = {"InvalidParameter": "Correct", "MissingParameter": "Add"}
"""The codes of whatever is wrong with a message's own shape, and what is to be done with the field."""


_OUR_OWN = {
    "InternalError": "Tell whoever operates the worker, which has raised an alarm; send it again when that is mended."
}
"""Codes that ECS has, too, with the worker's own reason in a refusal."""


def _violation(item: Violation) -> dict[str, str]:
    return {"field": item.field[:_MAX_FIELD], "code": item.code, "message": item.message[:_MAX_TEXT]}


def _release_at(record: Record) -> dict[str, str]:
    """Say when ECS releases the instance, if it was told to."""
    told = record.release_at is not None and record.lifetime_set_at is not None
    return {"releaseAt": rfc3339(record.release_at or 0.0)} if told else {}


def _data(record: Record, tried: list[dict[str, Any]], now: float) -> dict[str, Any]:
    return {
        "requestId": record.request_id,
        "messageId": record.message_id,
        "regionId": record.region_id,
        "attempts": tried,
        "acceptedAt": rfc3339(record.accepted_at),
        "finishedAt": rfc3339(now),
        "metadata": record.metadata,
    }


def _event(end: str, record: Record, data: dict[str, Any], now: float, timings: Timings) -> str:
    identity = event_id(end, timings.deployment, record.request_id, record.nonce)
    return _fit({**_envelope(end, identity, record.request_id, now, timings), "data": data})


def _envelope(end: str, identity: str, subject: str, time: float, timings: Timings) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": timings.source,
        "type": f"provisioning.instance.{end}",
        "subject": subject,
        "time": rfc3339(time),
        "datacontenttype": "application/json",
        "dataschema": SCHEMA,
    }


def _fit(event: dict[str, Any]) -> str:
    """Write ASCII JSON of at most 48 KB: violations and overrides give way, the answer itself never does."""
    text = _dump(event)
    data = event["data"]
    while len(text) > MAX_BYTES and len(data.get("violations", ())) > 1:
        dropped: Sequence[Any] = data["violations"][len(data["violations"]) // 2 :]
        data["violations"] = data["violations"][: -len(dropped)]
        data["violationsOmitted"] += len(dropped)
        text = _dump(event)
    if len(text) > MAX_BYTES:
        data["attempts"] = [
            {name: None if name == "overrides" else value for name, value in item.items() if name != "message"}
            for item in data["attempts"]
        ]
        text = _dump(event)
    return text


def _dump(event: dict[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"))


KEPT = "kept"
RELEASED = "released"
VANISHED = "vanished"


def complete(record: Record, instance: Instance | None, now: float, timings: Timings) -> Record:
    """Freeze a completed outcome."""
    text = completed(record, instance, now, timings)
    return record.changed(state=State.COMPLETED, outcome=text, finished_at=now, due_at=now, calling=False)


def fail_or_release(record: Record, stage: str, error: ApiError, now: float, timings: Timings) -> Record:
    """Fail a request: at once without an instance or when it is kept, by way of `releasing` otherwise."""
    failure = Failure(stage, error)
    if record.instance_id is not None and record.on_failure == "release":
        return release(record, failure, now)
    return fail(record, failure, KEPT, now, timings)


def release(record: Record, failure: Failure, now: float) -> Record:
    """Decide to delete the instance; the request fails when it is gone."""
    return record.changed(
        state=State.RELEASING, failure=failure, releasing_since=now, due_at=now, tries=0, last_error=None
    )


def fail_cancelled(record: Record, now: float, timings: Timings) -> Record:
    """Fail a request that was taken back before anything was bought."""
    return fail(record, Failure("create", cancelled(record)), KEPT, now, timings)


def fail(
    record: Record, failure: Failure, disposition: str, now: float, timings: Timings, *, reason: ApiError | None = None
) -> Record:
    """Freeze a failed outcome; `reason` says why an instance that should have been released was kept."""
    instance: dict[str, Any] | None = None
    if record.instance_id is not None:
        instance = {"instanceId": record.instance_id, "disposition": disposition}
        if disposition == KEPT:
            instance |= _release_at(record)
        if reason is not None:
            instance["reason"] = f"{reason.code or 'no answer'}: {reason.message[:300]}"
    text = failed(record, failure, instance, now, timings)
    return record.changed(state=State.FAILED, failure=failure, outcome=text, finished_at=now, due_at=now, calling=False)


_HELD = {
    "PolicyLimit": "All places that the policy's limits leave were taken until the request's time was over.",
    "PolicyPaused": "An operator's pause lasted until the request's time was over.",
}


def act(event: CancelAsked, now: float) -> dict[str, Any]:
    """Return what is recorded of an operator's act."""
    return {"by": event.by, "reason": event.reason, "at": now}


def cancelled(record: Record) -> ApiError:
    """Return the error of a request that an operator took back."""
    told = record.cancel or {"by": "", "reason": ""}
    return ApiError("", None, "Cancelled", f"Cancelled by {told['by']}: {told['reason']}")


def timed_out(record: Record) -> ApiError:
    """Return what a deadline reports: the last error seen, or our own code if there was none."""
    if record.last_error is not None:
        return record.last_error
    if record.held:
        return ApiError("", None, record.held, _HELD.get(record.held, "It was held back until its time was over."))
    seconds = round(record.deadline - record.accepted_at)
    return ApiError("", None, "ProvisioningTimeout", f"The request was not ready within its {seconds} seconds.")


def too_late(not_after: float) -> str:
    """Return the words for what was not begun by its `notAfter`."""
    return f"The message was taken after its notAfter, {rfc3339(not_after)}; nothing was bought."


def vanished(record: Record) -> ApiError:
    """Return the error of an instance that disappeared while it was waited for."""
    return ApiError("", None, "InstanceVanished", f"Instance {record.instance_id} existed and is gone.")
