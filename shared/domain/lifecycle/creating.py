"""The `creating` state: generations, the fence, unknown answers and how they are settled.

    claim ──► call announced ──► CreateInstance ──► id              ► pending
                    ▲                          ├──► definite failure ► next generation, or failed
                    │                          └──► no answer        ► same token again, or looked up by tag
                    └── a copy of the message, after the fence of whoever called before

A generation whose call may have had its effect (`unknown`, or a call announced and never answered) neither turns over
nor ends before it is settled: an id, or absence from DescribeInstances `settle_seconds` after the fence. How long ECS
remembers a token is not documented: that long after the first call's fence (`token_until`) an unsettled token is
called no more before a look-up has said that nothing came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from shared.domain.errors.retry import LOOK_UP, Decision, RetryAction, decide
from shared.domain.lifecycle.lifetime import release_time
from shared.domain.lifecycle.outcome import complete, fail_or_release, timed_out
from shared.domain.lifecycle.record import Generation, Record, State, client_token
from shared.domain.lifecycle.verdicts import accepted_under
from shared.domain.message.request import FINGERPRINT_SCHEMA
from shared.domain.timings import REQUEST_TAG

if TYPE_CHECKING:
    from shared.domain.create_instance.schema import Scalar
    from shared.domain.errors.model import ApiError
    from shared.domain.lifecycle.events import (
        CallAnnounced,
        CopySent,
        CreateFailed,
        DryRunPassed,
        InstanceCreated,
        LookedUp,
        LookUpFailed,
    )
    from shared.domain.message.request import Request
    from shared.domain.timings import Timings

COPY_GRACE_SECONDS = 60.0
"""How long past its time a message copy is waited for before the timer looks after the record itself."""


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
) -> Record:
    """Return the first version of a request's record: generation 1, its call announced; `store` is its identity."""
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
        start=request.start, allocate_public_ip=request.allocate_public_ip, on_failure=request.on_failure,
        dry_run=request.dry_run, metadata=dict(request.metadata),
        alternatives=[dict(item) for item in request.alternatives],
        **accepted_under(request),
        generations=(Generation(1, 0, token),), claimant=claimant, calling=True, call_until=call_until,
        sender_token=request.client_token is not None,
        token_until=call_until + timings.settle_seconds,
    )  # fmt: skip
    return _with_watch(record, timings)


def call_parameters(record: Record, request: Request) -> dict[str, Scalar]:
    """Return what CreateInstance is sent: the recorded alternative of the message, the recorded token, our tag."""
    parameters = request.parameters_for(record.generation.alternative)
    number = 1 + max((int(name.split(".")[1]) for name in parameters if name.startswith("Tag.")), default=0)
    parameters[f"Tag.{number}.Key"] = REQUEST_TAG
    parameters[f"Tag.{number}.Value"] = record.tag
    parameters["ClientToken"] = record.generation.token
    return parameters


class CreateStep(Enum):
    """What a creating record needs next."""

    CALL = "call"
    LOOK_UP = "look up"
    WAIT = "wait"
    EXPIRE = "expire"
    LEAVE = "leave to the timer"


@dataclass(frozen=True, slots=True)
class Next:
    """A step, and when (WAIT: until then; otherwise now)."""

    step: CreateStep
    at: float = 0.0


def next_step(record: Record, claimant: str, now: float, timings: Timings) -> Next:
    """Tell what to do for a creating record; `claimant` is who asks, empty for the timer."""
    if record.calling and record.claimant != claimant and now < record.call_until + timings.skew_seconds:
        return Next(CreateStep.WAIT, record.call_until + timings.skew_seconds)
    if record.calling and record.claimant == claimant:
        return Next(CreateStep.CALL)
    if record.unsettled and (record.settling or now >= min(record.deadline, record.token_until)):
        return _settling_step(record, now, timings)
    if now >= record.deadline:
        return Next(CreateStep.EXPIRE)
    if now < record.retry_at:
        return Next(CreateStep.WAIT, min(record.retry_at, record.deadline))
    return Next(CreateStep.CALL)


def _settling_step(record: Record, now: float, timings: Timings) -> Next:
    look_up_at = max(record.call_until + timings.settle_seconds, record.look_up_at)
    if now >= look_up_at:
        return Next(CreateStep.LOOK_UP)
    # Past the deadline no call is left to make: no copy of the message has to come back.
    return Next(CreateStep.LEAVE) if now >= record.deadline else Next(CreateStep.WAIT, look_up_at)


def watch_step(record: Record, now: float) -> Next:
    """Tell what the timer, which cannot call, does for a creating record that is due."""
    if now < record.due_at:
        return Next(CreateStep.WAIT, record.due_at)
    if record.unsettled:
        return Next(CreateStep.LOOK_UP)
    return Next(CreateStep.EXPIRE) if now >= record.deadline else Next(CreateStep.WAIT, record.deadline)


def on_announced(record: Record, event: CallAnnounced, now: float, timings: Timings) -> Record:
    """Extend the fence, unless somebody else's is still standing. A call that was never answered stays unknown."""
    if record.calling and record.claimant != event.claimant and now < record.call_until + timings.skew_seconds:
        return record
    unsettled, call_until = record.unsettled, max(event.call_until, record.call_until)
    return _with_watch(
        record.changed(
            claimant=event.claimant, calling=True, call_until=call_until, unknown=unsettled,
            token_until=record.token_until if unsettled else call_until + timings.settle_seconds,
        ),
        timings,
    )  # fmt: skip


def on_created(record: Record, event: InstanceCreated, now: float, _timings: Timings) -> Record:
    """Take the id, whoever called: it is this generation's, and nothing else can come of it."""
    if event.generation != record.generation.number:
        return record
    created = event.created
    return _pending(
        record, now, instance_id=created.instance_id, order_id=created.order_id, trade_price=created.trade_price
    )


def on_dry_run(record: Record, _event: DryRunPassed, now: float, timings: Timings) -> Record:
    """Complete without an instance."""
    return complete(record, None, now, timings)


def on_failed(record: Record, event: CreateFailed, now: float, timings: Timings) -> Record:
    """Take a failure from the worker that had announced the call; from any other it decides nothing."""
    if event.claimant != record.claimant or event.generation != record.generation.number or not record.calling:
        return record
    current = replace(record.generation, error_code=event.error.code or None)
    record = record.changed(
        calling=False, tries=record.tries + 1, last_error=event.error,
        generations=(*record.generations[:-1], current),
    )  # fmt: skip
    decision = _decide(record, event.error, now, event.jitter, timings)
    if decision.verdict.unknown and not record.dry_run:
        record = record.changed(unknown=True)
    return _with_watch(_follow(record, decision, event.error, now, timings), timings)


def on_copy_sent(record: Record, event: CopySent, _now: float, timings: Timings) -> Record:
    """Note the copy that will go on."""
    return _with_watch(record.changed(copy_id=event.copy_id, next_try_at=event.next_try_at), timings)


def on_looked_up(record: Record, event: LookedUp, now: float, timings: Timings) -> Record:
    """Adopt what was found; absence counts once the fence and the settling time are over."""
    if event.found is not None:
        return _pending(record, now, instance_id=event.found.instance_id)
    settled_at = record.call_until + timings.settle_seconds
    record = record.changed(look_ups_failed=0, look_up_at=0.0)
    if now < settled_at or not record.unsettled:
        return record.changed(due_at=max(settled_at, now + 1))
    record = record.changed(calling=False, unknown=False, settling=False)
    error = record.last_error
    if error is not None:
        decision = _decide(record, error, now, 0.0, timings)
        if decision.action is RetryAction.SETTLE and record.sender_token and record.generation.number == 1:
            # The sender used the token before, for something that is not ours: buying under another would be new.
            return fail_or_release(record, "create", error, now, timings)
        if decision.action is RetryAction.SETTLE:
            # Our own token with other parameters (a secret that differs between two copies), and no instance:
            # a generation of its own asks for what this copy says.
            record = _turn_over(record, record.generation.alternative, now, timings)
        elif not decision.verdict.unknown:
            record = _follow(record, decision, error, now, timings)
    if record.state is State.CREATING and now >= record.deadline:
        return fail_or_release(record, "create", timed_out(record), now, timings)
    return _with_watch(record, timings)


def on_look_up_failed(record: Record, event: LookUpFailed, now: float, timings: Timings) -> Record:
    """Wait longer each time before asking again, whoever asks: copies and rounds go by the same record."""
    failed = record.look_ups_failed + 1
    again_at = now + LOOK_UP.delay(failed, None, lambda: event.jitter)
    return _with_watch(record.changed(look_ups_failed=failed, look_up_at=again_at), timings)


def on_expired(record: Record, _event: object, now: float, timings: Timings) -> Record:
    """Fail at the deadline, unless a call may still have had its effect."""
    if record.unsettled:
        return record
    return fail_or_release(record, "create", timed_out(record), now, timings)


def _decide(record: Record, error: ApiError, now: float, jitter: float, timings: Timings) -> Decision:
    return decide(
        error,
        attempt=record.tries,
        now=now,
        deadline=record.deadline,
        alternative_left=record.next_alternative is not None,
        jitter=lambda: jitter,
        elsewhere=timings.is_elsewhere(record.region_id),
    )


def _follow(record: Record, decision: Decision, error: ApiError, now: float, timings: Timings) -> Record:
    if decision.action is RetryAction.RETRY:
        return record.changed(retry_at=now + decision.delay)
    if decision.action is RetryAction.SETTLE and not record.dry_run:
        return record.changed(unknown=True, settling=True)
    if record.unknown:
        return record.changed(settling=True)
    if decision.action is RetryAction.ALTERNATIVE:
        return _turn_over(record, record.next_alternative or 0, now, timings)
    if decision.action is RetryAction.TURN_OVER:
        return _turn_over(record, record.generation.alternative, now + decision.delay, timings)
    return fail_or_release(record, "create", error, now, timings)


def _turn_over(record: Record, alternative: int, retry_at: float, timings: Timings) -> Record:
    number = record.generation.number + 1
    token = client_token(timings.deployment, record.request_id, record.nonce, number)
    overrides = record.alternatives[alternative - 1] if alternative else {}
    following = Generation(number, alternative, token, dict(overrides))
    tries = record.tries if alternative == record.generation.alternative else 0
    return record.changed(generations=(*record.generations, following), tries=tries, retry_at=retry_at)


def _pending(record: Record, now: float, **instance: Any) -> Record:
    release_at = None if record.release_after is None else release_time(now, record.release_after)
    return record.changed(
        **instance, release_at=release_at, state=State.PENDING, created_at=now, due_at=now, calling=False,
        unknown=False, settling=False, tries=0, last_error=None, next_try_at=None, copy_id=None, look_ups_failed=0,
        look_up_at=0.0,
    )  # fmt: skip


def _with_watch(record: Record, timings: Timings) -> Record:
    """Set when the timer looks at a creating record: after the fence, and after the copy that is due."""
    if record.state is not State.CREATING:
        return record
    after_fence = record.call_until + timings.skew_seconds
    after_copy = (record.next_try_at or 0.0) + COPY_GRACE_SECONDS
    waiting = record.look_up_at if record.unsettled else record.deadline
    return record.changed(due_at=max(after_fence, after_copy, waiting))
