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

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain.errors.retry import LOOK_UP, Decision, RetryAction, decide
from shared.domain.lifecycle.lifetime import release_time
from shared.domain.lifecycle.outcome import (
    act,
    cancelled,
    complete,
    fail_cancelled,
    fail_or_release,
    release,
    timed_out,
)
from shared.domain.lifecycle.record import Failure, Generation, Record, State, client_token
from shared.domain.timings import REQUEST_TAG

if TYPE_CHECKING:
    from shared.domain.create_instance.schema import Scalar
    from shared.domain.errors.model import ApiError
    from shared.domain.lifecycle.events import (
        CallAnnounced,
        CancelAsked,
        CopySent,
        CreateFailed,
        DryRunPassed,
        HeldBack,
        InstanceCreated,
        LookedUp,
        LookUpFailed,
    )
    from shared.domain.message.request import Request
    from shared.domain.timings import Timings

COPY_GRACE_SECONDS = 60.0
"""How long past its time a message copy is waited for before the timer looks after the record itself."""


def call_parameters(record: Record, request: Request) -> dict[str, Scalar]:
    """Return what CreateInstance is sent: the recorded alternative of the message, the recorded token, our tag."""
    parameters = request.parameters_for(record.generation.alternative)
    number = 1 + max((int(name.split(".")[1]) for name in parameters if name.startswith("Tag.")), default=0)
    parameters[f"Tag.{number}.Key"] = REQUEST_TAG
    parameters[f"Tag.{number}.Value"] = record.tag
    parameters["ClientToken"] = record.generation.token
    return parameters


def on_announced(record: Record, event: CallAnnounced, now: float, timings: Timings) -> Record:
    """Extend the fence, unless somebody else's is still standing. A call that was never answered stays unknown."""
    if record.cancel is not None or now > event.good_until:
        return record
    if record.calling and record.claimant != event.claimant and now < record.call_until + timings.skew_seconds:
        return record
    unsettled, call_until = record.unsettled, max(event.call_until, record.call_until)
    return with_watch(
        record.changed(
            claimant=event.claimant, calling=True, call_until=call_until, unknown=unsettled,
            token_until=record.token_until if unsettled else call_until + timings.settle_seconds,
            places=event.places or record.places, held="",
        ),
        timings,
    )  # fmt: skip


def on_held(record: Record, event: HeldBack, now: float, timings: Timings) -> Record:
    """Withdraw a call that was announced and not made; what may exist is looked up, since no token may be tried."""
    if record.calling and record.claimant != event.claimant and now < record.call_until + timings.skew_seconds:
        return record
    own = record.calling and record.claimant == event.claimant
    record = record.changed(held=event.code, calling=record.calling and not own, places=event.places or record.places)
    return with_watch(record.changed(settling=record.settling or record.unsettled), timings)


def on_cancel(record: Record, event: CancelAsked, now: float, timings: Timings) -> Record:
    """Take it back at once when nothing can have been bought; else settle first, unless it could not be released."""
    if record.cancel is not None or (record.unsettled and record.kept_because):
        return record
    return _end_cancelled(record.changed(cancel=act(event, now)), now, timings)


def _end_cancelled(record: Record, now: float, timings: Timings) -> Record:
    if record.unsettled:
        # Nobody calls any more: no copy of the message has to come first.
        return with_watch(record.changed(settling=True, next_try_at=None), timings)
    return fail_cancelled(record, now, timings)


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
    if record.cancel is not None:
        settle = decision.action is RetryAction.SETTLE and not record.dry_run
        return _end_cancelled(record.changed(unknown=record.unknown or settle), now, timings)
    return with_watch(_follow(record, decision, event.error, now, timings), timings)


def on_copy_sent(record: Record, event: CopySent, _now: float, timings: Timings) -> Record:
    """Note the copy that will go on."""
    return with_watch(record.changed(copy_id=event.copy_id, next_try_at=event.next_try_at), timings)


def on_looked_up(record: Record, event: LookedUp, now: float, timings: Timings) -> Record:
    """Adopt what was found; absence counts once the fence and the settling time are over."""
    if event.found is not None:
        return _pending(record, now, instance_id=event.found.instance_id)
    settled_at = record.call_until + timings.settle_seconds
    record = record.changed(look_ups_failed=0, look_up_at=0.0)
    if now < settled_at or not record.unsettled:
        return record.changed(due_at=max(settled_at, now + 1))
    record = record.changed(calling=False, unknown=False, settling=False)
    if record.cancel is not None:
        return fail_cancelled(record, now, timings)
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
    return with_watch(record, timings)


def on_look_up_failed(record: Record, event: LookUpFailed, now: float, timings: Timings) -> Record:
    """Wait longer each time before asking again, whoever asks: copies and rounds go by the same record."""
    failed = record.look_ups_failed + 1
    again_at = now + LOOK_UP.delay(failed, None, lambda: event.jitter)
    return with_watch(record.changed(look_ups_failed=failed, look_up_at=again_at), timings)


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
    pending = record.changed(
        **instance, release_at=release_at, state=State.PENDING, created_at=now, due_at=now, calling=False,
        unknown=False, settling=False, tries=0, last_error=None, next_try_at=None, copy_id=None, look_ups_failed=0,
        look_up_at=0.0, held="",
    )  # fmt: skip
    return pending if record.cancel is None else release(pending, Failure("create", cancelled(pending)), now)


def with_watch(record: Record, timings: Timings) -> Record:
    """Set when the timer looks at a creating record: after the fence, and after the copy that is due."""
    if record.state is not State.CREATING:
        return record
    after_fence = record.call_until + timings.skew_seconds
    after_copy = (record.next_try_at or 0.0) + COPY_GRACE_SECONDS
    waiting = record.look_up_at if record.unsettled else record.deadline
    return record.changed(due_at=max(after_fence, after_copy, waiting))
