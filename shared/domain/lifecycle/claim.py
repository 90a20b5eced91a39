"""The first version of a record, and the tag that names its instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.lifecycle.admission import expires_at
from shared.domain.lifecycle.creating import with_watch
from shared.domain.lifecycle.record import Generation, Record, State, client_token
from shared.domain.lifecycle.verdicts import accepted_under
from shared.domain.message.envelope import unreleasable
from shared.domain.message.request import FINGERPRINT_SCHEMA

if TYPE_CHECKING:
    from shared.domain.message.request import Request
    from shared.domain.timings import Timings

_DEPLOYMENT_LENGTH = 54
"""What of a deployment's name fits into a tag value: 54 + 1 + 8 + 1 + 64 characters are the 128 that ECS allows."""


def tag_owner(deployment: str, store: str) -> str:
    """Return what the tag values of one deployment with this store begin with; the store tells apart what is cut."""
    return f"{deployment[:_DEPLOYMENT_LENGTH]}.{store}"


def tag_value(deployment: str, store: str, request_id: str) -> str:
    """Return the value of the tag that names an instance's request."""
    return f"{tag_owner(deployment, store)}/{request_id}"


def claim(  # noqa: PLR0913 - what a record begins with
    request: Request,
    message_id: str,
    *,
    store: str,
    claimant: str,
    nonce: str,
    now: float,
    call_until: float,
    timings: Timings,
    held: str = "",
    places: tuple[str, ...] = (),
) -> Record:
    """Return the first version of a request's record: generation 1, its call announced; `store` is its identity.

    `held` is the code of what the call has to wait for: then none is announced. `places` are the buckets that it will
    ask for places of.
    """
    token = request.client_token or client_token(timings.deployment, request.request_id, nonce, 1)
    record = Record(
        request_id=request.request_id,
        version=1,
        state=State.CREATING,
        message_id=message_id,
        accepted_at=now,
        due_at=now,
        fingerprint=request.fingerprint(),
        fingerprint_schema=FINGERPRINT_SCHEMA,
        nonce=nonce,
        region_id=request.region_id,
        tag=tag_value(timings.deployment, store, request.request_id),
        deadline=now + request.timeout_seconds,
        start=request.start,
        allocate_public_ip=request.allocate_public_ip,
        on_failure=request.on_failure,
        dry_run=request.dry_run,
        metadata=dict(request.metadata),
        alternatives=[dict(item) for item in request.alternatives],
        **accepted_under(request),
        generations=(Generation(1, 0, token),),
        claimant=claimant,
        calling=True,
        call_until=call_until,
        sender_token=request.client_token is not None,
        token_until=call_until + timings.settle_seconds,
        unreleasable=_unreleasable(request),
        places=places,
    )
    if not held:
        return with_watch(record, timings)
    waiting = record.changed(
        state=State.WAITING, held=held, not_after=request.not_after, claimant="", calling=False, call_until=0.0,
        token_until=0.0,
    )  # fmt: skip
    return waiting.changed(due_at=expires_at(waiting))


def _unreleasable(request: Request) -> list[str]:
    """Return why the instance of the request, and of each alternative, could not be released; nothing if all could."""
    all_parameters = map(request.parameters_for, range(len(request.alternatives) + 1))
    reasons = [next((f"{name} is {why}" for name, why in unreleasable(flat)), "") for flat in all_parameters]
    return reasons if any(reasons) else []
