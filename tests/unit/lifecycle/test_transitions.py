"""The life of a record: one table for `advance`, one for what is done next."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import events
from shared.domain.lifecycle.admission import keeps, try_again_at
from shared.domain.lifecycle.claim import claim
from shared.domain.lifecycle.create_step import CreateStep, Next, next_step, watch_step
from shared.domain.lifecycle.lifetime import settable
from shared.domain.lifecycle.record import (
    TERMINAL,
    Created,
    Failure,
    Generation,
    Instance,
    OpenEntry,
    Record,
    State,
    UnreadableRecord,
    client_token,
)
from shared.domain.lifecycle.record_json import from_json, to_json
from shared.domain.lifecycle.transitions import LEADS_TO, TABLE, advance
from shared.domain.lifecycle.waiting import QUIET, WatchStep, act
from shared.domain.message.request import Request
from shared.domain.timings import Timings

TIMINGS = Timings(deployment="test")
T0 = 1_000_000.0
FENCE = T0 + 30
SETTLED = FENCE + TIMINGS.settle_seconds
DEADLINE = T0 + 900

NO_STOCK = ApiError("CreateInstance", 403, "OperationDenied.NoStock", "sold out")
THROTTLED = ApiError("CreateInstance", 400, "Throttling.User", "slow down")
NO_ANSWER = ApiError("CreateInstance", None, "", "no answer")
UNSENT = ApiError("CreateInstance", None, "", "no such host", sent=False)
INVALID = ApiError("CreateInstance", 400, "InvalidImageId.NotFound", "no such image")
MISMATCH = ApiError("CreateInstance", 400, "IdempotentParameterMismatch", "other parameters")
START_BUSY = ApiError("StartInstance", 403, "IncorrectInstanceStatus", "not yet")
START_REFUSED = ApiError("StartInstance", 403, "InvalidAccountStatus.NotEnoughBalance", "pay first")
NO_LIFETIME = ApiError("ModifyInstanceAutoReleaseTime", 403, "ChargeTypeViolation", "not for this one")
INITIALIZING = ApiError("DeleteInstance", 403, "IncorrectInstanceStatus.Initializing", "too early")
GONE = ApiError("StartInstance", 404, "InvalidInstanceId.NotFound", "no such instance")
INSTANCE = Instance("i-1", "Running", "ecs.g6.large", "cn-hangzhou-h", ("10.0.0.1",), None)


def creating(**changes: Any) -> Record:
    """Return a record whose first call is announced by `me`."""
    request = Request(
        "r1", creating_parameters(),
        alternatives=({"InstanceType": "ecs.g7.large"},),
    )  # fmt: skip
    record = claim(request, "m1", store="0a1b2c3d", claimant="me", nonce="n", now=T0, call_until=FENCE, timings=TIMINGS)
    return replace(record, **changes)


def watched(state: State = State.PENDING, **changes: Any) -> Record:
    """Return a record whose instance is known."""
    record = advance(creating(), events.InstanceCreated(1, Created("i-1", "order", 0.5)), T0 + 1, TIMINGS)
    if state is State.RELEASING:
        changes = {"failure": Failure("start", START_REFUSED), "releasing_since": T0 + 10, **changes}
    return replace(record, state=state, **changes)


def waiting(**changes: Any) -> Record:
    """Return a record that waits for a place."""
    request = Request("r1", creating_parameters(), not_after=changes.pop("not_after", None))
    record = claim(
        request, "m1", store="0a1b2c3d", claimant="me", nonce="n", now=T0, call_until=FENCE, timings=TIMINGS,
        held="PolicyLimit", places=("open",),
    )  # fmt: skip
    return replace(record, **changes)


def creating_parameters() -> dict[str, Any]:
    """Return the parameters of a plain request."""
    return {"RegionId": "cn-hangzhou", "InstanceType": "ecs.g6.large", "ImageId": "i"}


CANCEL = events.CancelAsked("ann", "no longer wanted")
CANCELLED = Failure("create", ApiError("", None, "Cancelled", "Cancelled by ann: no longer wanted"))
ACT = {"by": "ann", "reason": "no longer wanted", "at": T0 + 5}


def failed(error: ApiError, generation: int = 1, claimant: str = "me") -> events.CreateFailed:
    """Return the event of a failed CreateInstance."""
    return events.CreateFailed(claimant, generation, error, 0.0)


def second_generation() -> Record:
    """Return a record that has no alternative left."""
    return advance(
        advance(creating(), failed(NO_STOCK), T0 + 1, TIMINGS), events.CallAnnounced("me", FENCE), T0, TIMINGS
    )


# case, record, event, seconds after T0, what the record is afterwards
CASES: list[tuple[str, Record, events.Event, float, dict[str, Any]]] = [
    ("an id makes it pending", creating(), events.InstanceCreated(1, Created("i-1", "o", 2.0)), 1,
     {"state": State.PENDING, "instance_id": "i-1", "order_id": "o", "trade_price": 2.0, "calling": False}),
    ("an id ends all that calling was about",
     creating(unknown=True, settling=True, tries=4, last_error=NO_ANSWER, next_try_at=T0 + 60, copy_id="m2",
              look_ups_failed=2, look_up_at=T0 + 9, held="PolicyPaused", release_after=1800),
     events.InstanceCreated(1, Created("i-1")), 6,
     {"created_at": T0 + 6, "due_at": T0 + 6, "calling": False, "unknown": False, "settling": False, "tries": 0,
      "last_error": None, "next_try_at": None, "copy_id": None, "look_ups_failed": 0, "look_up_at": 0.0, "held": "",
      "release_at": T0 + 1760}),
    ("an id of another generation changes nothing", creating(), events.InstanceCreated(2, Created("i-9")), 1, {}),
    ("an id counts whoever called", creating(claimant="other"), events.InstanceCreated(1, Created("i-1")), 1,
     {"state": State.PENDING}),
    ("a passed dry run completes without an instance", creating(dry_run=True), events.DryRunPassed(), 1,
     {"state": State.COMPLETED, "instance_id": None, "calling": False}),
    ("a definite failure ends it", creating(), failed(INVALID), 1, {"state": State.FAILED, "calling": False}),
    ("a failure another caller saw decides nothing", creating(), failed(INVALID, claimant="other"), 1, {}),
    ("a failure of an earlier generation decides nothing", second_generation(), failed(INVALID), 2, {}),
    ("no stock turns over to the alternative", creating(), failed(NO_STOCK), 1,
     {"state": State.CREATING, "calling": False, "unknown": False}),
    ("no stock without an alternative left ends it", second_generation(), failed(NO_STOCK, 2), 2,
     {"state": State.FAILED}),
    ("throttling keeps the token and waits", creating(), failed(THROTTLED), 1,
     {"state": State.CREATING, "calling": False, "unknown": False, "tries": 1}),
    ("no answer leaves the generation unknown", creating(), failed(NO_ANSWER), 1,
     {"state": State.CREATING, "unknown": True, "settling": False}),
    ("no answer to a dry run is only a failure to try again", creating(dry_run=True), failed(NO_ANSWER), 1,
     {"state": State.CREATING, "unknown": False}),
    ("a definite failure after an unknown answer waits to be settled", creating(unknown=True), failed(INVALID), 1,
     {"state": State.CREATING, "settling": True}),
    ("no stock after an unknown answer does not turn over", creating(unknown=True), failed(NO_STOCK), 1,
     {"state": State.CREATING, "settling": True, "tries": 1}),
    ("a mismatch on our own token is settled first", creating(), failed(MISMATCH), 1,
     {"state": State.CREATING, "unknown": True, "settling": True}),
    ("an announcement extends the fence", creating(calling=False), events.CallAnnounced("you", FENCE + 50), 40,
     {"claimant": "you", "calling": True, "call_until": FENCE + 50, "unknown": False}),
    ("another's standing announcement stands", creating(), events.CallAnnounced("you", FENCE + 50), 40, {}),
    ("an announcement over an unanswered one leaves it unknown", creating(),
     events.CallAnnounced("you", FENCE + 200), 91, {"claimant": "you", "unknown": True}),
    ("a copy that was sent is noted", creating(calling=False), events.CopySent("m2", T0 + 60), 5,
     {"copy_id": "m2", "next_try_at": T0 + 60}),
    ("what is found by tag is adopted", creating(unknown=True), events.LookedUp(INSTANCE), 50,
     {"state": State.PENDING, "instance_id": "i-1", "unknown": False}),
    ("absence before the settling time decides nothing", creating(unknown=True, calling=False),
     events.LookedUp(None), 149, {"state": State.CREATING, "unknown": True, "due_at": SETTLED}),
    ("absence after the settling time means not created", creating(), events.LookedUp(None), 150,
     {"state": State.CREATING, "unknown": False, "calling": False}),
    ("a settled failure ends it", creating(unknown=True, settling=True, calling=False, last_error=INVALID, tries=1),
     events.LookedUp(None), 151, {"state": State.FAILED}),
    ("a settled refusal that passes is waited for", creating(unknown=True, settling=True, calling=False, tries=1,
                                                              last_error=THROTTLED), events.LookedUp(None), 151,
     {"state": State.CREATING, "unknown": False, "retry_at": T0 + 157}),
    ("a settled lack of stock turns over", creating(unknown=True, settling=True, calling=False, last_error=NO_STOCK),
     events.LookedUp(None), 151, {"state": State.CREATING, "settling": False, "unknown": False}),
    ("a settled mismatch gets a token of its own", creating(unknown=True, settling=True, last_error=MISMATCH),
     events.LookedUp(None), 151, {"state": State.CREATING, "settling": False, "calling": False}),
    ("a look-up that fails is repeated later", creating(unknown=True, calling=False), events.LookUpFailed(0.0), 151,
     {"state": State.CREATING, "look_ups_failed": 1, "look_up_at": T0 + 166, "due_at": T0 + 166}),
    ("and later still", creating(unknown=True, look_ups_failed=1), events.LookUpFailed(0.0), 151,
     {"look_ups_failed": 2, "look_up_at": T0 + 181}),
    ("but not ever later", creating(unknown=True, look_ups_failed=99), events.LookUpFailed(0.0), 151,
     {"look_up_at": T0 + 451, "unknown": True}),
    ("an answer begins the waits anew", creating(unknown=True, look_ups_failed=3, look_up_at=T0 + 9),
     events.LookedUp(None), 140, {"look_ups_failed": 0, "look_up_at": 0.0, "unknown": True}),
    ("a settled mismatch on the sender's own token ends it",
     creating(unknown=True, settling=True, last_error=MISMATCH, sender_token=True), events.LookedUp(None), 151,
     {"state": State.FAILED, "failure": Failure("create", MISMATCH), "instance_id": None}),
    ("an earlier token of the sender's is forgotten once there is one of ours",
     replace(second_generation(), unknown=True, settling=True, last_error=MISMATCH, sender_token=True),
     events.LookedUp(None), 151, {"state": State.CREATING, "settling": False, "calling": False}),
    ("a mismatch on a dry run ends it", creating(dry_run=True), failed(MISMATCH), 1, {"state": State.FAILED}),
    ("what never left is tried again with the same token", creating(), failed(UNSENT), 1,
     {"state": State.CREATING, "unknown": False, "calling": False, "retry_at": T0 + 6}),
    ("what never left clears no earlier doubt", creating(unknown=True), failed(UNSENT), 1,
     {"state": State.CREATING, "unknown": True}),
    ("what never left ends the request when no time is left", creating(deadline=T0 + 60, tries=9), failed(UNSENT), 1,
     {"state": State.FAILED, "failure": Failure("create", UNSENT)}),
    ("an unanswered call keeps the time until which its token is relied on", creating(calling=False, unknown=True),
     events.CallAnnounced("you", FENCE + 100), 101, {"call_until": FENCE + 100, "token_until": SETTLED}),
    ("a definite answer begins it anew", creating(calling=False), events.CallAnnounced("you", FENCE + 100), 101,
     {"call_until": FENCE + 100, "token_until": SETTLED + 100}),
    ("absence past the deadline ends it", creating(unknown=True, deadline=T0 + 60), events.LookedUp(None), 151,
     {"state": State.FAILED}),
    ("absence at the deadline to the second, too", creating(unknown=True, deadline=T0 + 151), events.LookedUp(None),
     151, {"state": State.FAILED}),
    ("absence before it leaves time for another call", creating(unknown=True, deadline=T0 + 152),
     events.LookedUp(None), 151, {"state": State.CREATING, "unknown": False}),
    ("a look-up while nothing is in doubt comes again", creating(calling=False), events.LookedUp(None), 200,
     {"state": State.CREATING, "due_at": T0 + 201}),
    ("an announcement stands until its fence and the skew are over", creating(),
     events.CallAnnounced("you", FENCE + 200), 89, {}),
    ("to the second", creating(), events.CallAnnounced("you", FENCE + 200), 90, {"claimant": "you", "unknown": True}),
    ("what was waited for is over with a call", creating(calling=False, held="PolicyPaused"),
     events.CallAnnounced("me", FENCE), 3, {"calling": True, "held": ""}),
    ("a fence is never drawn in", creating(), events.CallAnnounced("me", FENCE - 5), 3, {"call_until": FENCE}),
    ("what was read may be used to its last second", creating(calling=False),
     events.CallAnnounced("you", FENCE, ("open",), T0 + 30), 30, {"claimant": "you", "places": ("open",)}),
    ("places are kept where none are named", creating(calling=False, places=("open",)),
     events.CallAnnounced("you", FENCE), 3, {"claimant": "you", "places": ("open",)}),
    ("another's call at its fence is looked up", creating(), events.HeldBack("you", "PolicyPaused", ("open",)), 90,
     {"calling": True, "settling": True, "places": ("open",)}),
    ("a deadline ends a record nothing is known to be made of", creating(calling=False), events.Expired(), 901,
     {"state": State.FAILED}),
    ("a deadline does not end what may have been made", creating(), events.Expired(), 901, {}),
    ("with its places in hand it may call", waiting(), events.CallAnnounced("you", FENCE, ("open",), T0 + 30), 9,
     {"state": State.CREATING, "calling": True, "claimant": "you", "call_until": FENCE, "held": "",
      "places": ("open",), "due_at": FENCE + TIMINGS.skew_seconds, "token_until": SETTLED}),
    ("what was read is good to its last second", waiting(), events.CallAnnounced("you", FENCE, (), T0 + 30), 30,
     {"state": State.CREATING}),
    ("with the places that it has by then", waiting(), events.CallAnnounced("you", FENCE, ("open", "hour-x")), 9,
     {"places": ("open", "hour-x")}),
    ("a call is announced in the last second", waiting(), events.CallAnnounced("you", FENCE), 899,
     {"state": State.CREATING}),
    ("what was read too long ago announces nothing", waiting(), events.CallAnnounced("you", FENCE, (), T0 + 30), 31,
     {}),
    ("no call is announced past the deadline", waiting(), events.CallAnnounced("you", FENCE), 900, {}),
    ("no call is announced past its notAfter", waiting(not_after=T0 + 5), events.CallAnnounced("you", FENCE), 5, {}),
    ("what it waits for is noted, and the places by then", waiting(),
     events.HeldBack("you", "PolicyPaused", ("open", "hour-x")), 5,
     {"state": State.WAITING, "held": "PolicyPaused", "places": ("open", "hour-x")}),
    ("the same again is no news", waiting(), events.HeldBack("you", "PolicyLimit", ("open",)), 5, {}),
    ("a copy of what waits is noted", waiting(), events.CopySent("m2", T0 + 60), 5,
     {"copy_id": "m2", "next_try_at": T0 + 60, "due_at": DEADLINE}),
    ("what waits fails at its deadline with what it waited for", waiting(held="PolicyPaused"), events.Expired(), 900,
     {"state": State.FAILED, "instance_id": None}),
    ("and not before", waiting(), events.Expired(), 899, {}),
    ("what waits ends when its message does", waiting(not_after=T0 + 5), events.Expired(), 5,
     {"state": State.FAILED, "due_at": T0 + 5}),
    ("what waits is taken back at once", waiting(), CANCEL, 5,
     {"state": State.FAILED, "failure": CANCELLED, "cancel": ACT}),
    ("an announced call that is held back was not made", creating(), events.HeldBack("me", "PolicyPaused"), 5,
     {"state": State.CREATING, "calling": False, "settling": False, "held": "PolicyPaused"}),
    ("a doubt that is held back is looked up", creating(unknown=True), events.HeldBack("me", "PolicyPaused"), 5,
     {"calling": False, "unknown": True, "settling": True}),
    ("another's standing call is not held back", creating(), events.HeldBack("you", "PolicyPaused"), 5, {}),
    ("another's call past its fence is looked up", creating(), events.HeldBack("you", "PolicyPaused"), 91,
     {"calling": True, "settling": True}),
    ("nothing is announced on what was read too long ago", creating(calling=False),
     events.CallAnnounced("you", FENCE, (), T0 + 30), 31, {}),
    ("what is sure not to be made is taken back at once", creating(calling=False), CANCEL, 5,
     {"state": State.FAILED, "failure": CANCELLED, "cancel": ACT}),
    ("a call under way is settled first", creating(next_try_at=T0 + 300), CANCEL, 5,
     {"state": State.CREATING, "settling": True, "cancel": ACT, "due_at": FENCE + TIMINGS.skew_seconds}),
    ("what could not be released is not taken back in doubt", creating(unreleasable=["it is PrePaid"]), CANCEL, 5, {}),
    ("before a call it is", creating(calling=False, unreleasable=["it is PrePaid"]), CANCEL, 5,
     {"state": State.FAILED}),
    ("asked again it is no news", creating(cancel=ACT), CANCEL, 6, {}),
    ("nobody calls for what is taken back", creating(calling=False, unknown=True, cancel=ACT),
     events.CallAnnounced("you", FENCE), 6, {}),
    ("the id of what is taken back is released", creating(cancel=ACT), events.InstanceCreated(1, Created("i-1")), 6,
     {"state": State.RELEASING, "instance_id": "i-1", "failure": CANCELLED}),
    ("what is found of it, too", creating(cancel=ACT), events.LookedUp(INSTANCE), 6,
     {"state": State.RELEASING, "instance_id": "i-1", "failure": CANCELLED}),
    ("its refused call ends it", creating(cancel=ACT), failed(NO_STOCK), 6,
     {"state": State.FAILED, "failure": CANCELLED}),
    ("no answer does not", creating(cancel=ACT), failed(NO_ANSWER), 6,
     {"state": State.CREATING, "unknown": True, "settling": True}),
    ("nor does a mismatch on its token", creating(cancel=ACT), failed(MISMATCH), 6,
     {"state": State.CREATING, "unknown": True, "settling": True}),
    ("absence after the settling time does", creating(cancel=ACT), events.LookedUp(None), 150,
     {"state": State.FAILED, "failure": CANCELLED}),
    ("an instance is released whatever onFailure says", watched(), CANCEL, 5,
     {"state": State.RELEASING, "cancel": ACT, "releasing_since": T0 + 5}),
    ("one that cannot be released is left alone", watched(unreleasable=["it is PrePaid"]), CANCEL, 5, {}),
    ("an absence in the grace period is none", watched(), events.SeenAbsent(), 120, {}),
    ("the last second of it included", watched(), events.SeenAbsent(), 121, {"absent_since": T0 + 121}),
    ("the first absence is the one that counts", watched(absent_since=T0 + 130), events.SeenAbsent(), 150, {}),
    ("an absence past it is noted", watched(), events.SeenAbsent(), 130, {"absent_since": T0 + 130}),
    ("presence clears it", watched(absent_since=T0), events.SeenPresent(), 100, {"absent_since": None}),
    ("confirmed absence fails it", watched(on_failure="release"), events.Vanished(), 100, {"state": State.FAILED}),
    ("a release time too near is moved", watched(release_at=T0 + 1900),
     events.ReleaseTimeMoved(T0 + 2000, T0 + 1900), 9,
     {"release_at": T0 + 2000, "lifetime_set_at": None}),
    ("a release time that is set is moved no more", watched(release_at=T0 + 1900, lifetime_set_at=T0),
     events.ReleaseTimeMoved(T0 + 2000, T0 + 1900), 9, {}),
    ("one that another run has moved meanwhile stands", watched(release_at=T0 + 2060),
     events.ReleaseTimeMoved(T0 + 2000, T0 + 1900), 9, {}),
    ("a lifetime is set once", watched(release_at=T0 + 1900, tries=2, last_error=THROTTLED), events.LifetimeSet(), 9,
     {"release_at": T0 + 1900, "lifetime_set_at": T0 + 9, "tries": 0, "last_error": None}),
    ("set again by another run it is no news", watched(release_at=T0 + 1900, lifetime_set_at=T0 + 5, tries=1),
     events.LifetimeSet(), 9, {}),
    ("a refused lifetime ends it", watched(release_at=T0 + 1900), events.StepFailed("lifetime", NO_LIFETIME, 0.0), 9,
     {"state": State.FAILED}),
    ("a refused lifetime releases where asked", watched(release_at=T0 + 1900, on_failure="release"),
     events.StepFailed("lifetime", NO_LIFETIME, 0.0), 9, {"state": State.RELEASING}),
    ("an address is noted", watched(), events.AddressAllocated("47.1.1.1"), 9, {"public_ip_address": "47.1.1.1"}),
    ("an address without a value counts", watched(), events.AddressAllocated(None), 9, {"public_ip_address": ""}),
    ("the next step begins its tries anew after an address", watched(tries=2, last_error=THROTTLED),
     events.AddressAllocated("47.1.1.1"), 9, {"tries": 0, "last_error": None}),
    ("and after a start", watched(tries=2, last_error=THROTTLED), events.StartSent(), 9,
     {"tries": 0, "last_error": None}),
    ("and so does a release", watched(tries=2, last_error=START_BUSY, on_failure="release"), events.Expired(), 901,
     {"state": State.RELEASING, "tries": 0, "last_error": None, "due_at": T0 + 901, "releasing_since": T0 + 901,
      "failure": Failure("start", START_BUSY)}),
    ("an address that does not show is asked for again", watched(), events.NoAddress(), 9, {"due_at": T0 + 14}),
    ("but not past the deadline", watched(), events.NoAddress(), 897, {"due_at": DEADLINE}),
    ("and not at once when that is over", watched(), events.NoAddress(), 901, {"due_at": T0 + 902}),
    ("a start leads to starting", watched(), events.StartSent(), 9,
     {"state": State.STARTING, "start_sent_at": T0 + 9}),
    ("a start that must wait is tried again", watched(), events.StepFailed("start", START_BUSY, 0.0), 9,
     {"state": State.PENDING, "tries": 1, "last_error": START_BUSY}),
    ("as its policy says", watched(), events.StepFailed("start", START_BUSY, 0.0), 9, {"due_at": T0 + 14}),
    ("sooner by chance", watched(), events.StepFailed("start", START_BUSY, 0.5), 9, {"due_at": T0 + 12.75}),
    ("half a minute later at the latest, as long as there is time", watched(tries=8),
     events.StepFailed("start", START_BUSY, 0.0), 9, {"state": State.PENDING, "due_at": T0 + 39}),
    ("a second later at the soonest", watched(), events.StepFailed("start", replace(THROTTLED, retry_after=0.5), 0.0),
     9, {"due_at": T0 + 10}),
    ("what must wait is no absence", watched(), events.StepFailed("start", START_BUSY, 0.0), 130,
     {"absent_since": None, "tries": 1}),
    ("no alternative helps an instance that is there", watched(tries=4),
     events.StepFailed("start", ApiError("StartInstance", 400, "Purple", "?"), 0.0), 9, {"state": State.FAILED}),
    ("later each time", watched(tries=1), events.StepFailed("start", START_BUSY, 0.0), 9,
     {"due_at": T0 + 19, "tries": 2}),
    ("a step without an answer is no end, and is tried again at the deadline", watched(),
     events.StepFailed("start", NO_ANSWER, 0.0), 899, {"state": State.PENDING, "due_at": DEADLINE}),
    ("and a second later when that is over", watched(), events.StepFailed("start", NO_ANSWER, 0.0), 905,
     {"state": State.PENDING, "due_at": T0 + 906}),
    ("a start that cannot succeed ends it", watched(), events.StepFailed("start", START_REFUSED, 0.0), 9,
     {"state": State.FAILED}),
    ("a start that cannot succeed releases where asked", watched(on_failure="release"),
     events.StepFailed("start", START_REFUSED, 0.0), 9, {"state": State.RELEASING, "releasing_since": T0 + 9}),
    ("an instance unknown to a step is absence, not failure", watched(), events.StepFailed("start", GONE, 0.0), 130,
     {"state": State.PENDING, "absent_since": T0 + 130}),
    ("ready completes", watched(State.STARTING), events.Ready(INSTANCE), 9,
     {"state": State.COMPLETED, "finished_at": T0 + 9, "due_at": T0 + 9}),
    ("a deadline fails", watched(), events.Expired(), 901, {"state": State.FAILED}),
    ("a deadline releases where asked", watched(on_failure="release"), events.Expired(), 901,
     {"state": State.RELEASING}),
    ("an accepted delete waits for absence", watched(State.RELEASING), events.DeleteAccepted(), 20,
     {"state": State.RELEASING, "deleted_at": T0 + 20, "due_at": T0 + 21}),
    ("and looks again each second", watched(State.RELEASING, deleted_at=T0 + 20), events.SeenPresent(), 79,
     {"state": State.RELEASING, "deleted_at": T0 + 20, "due_at": T0 + 80}),
    ("a minute after the delete it is sent again, at once", watched(State.RELEASING, deleted_at=T0 + 20),
     events.SeenPresent(), 80, {"deleted_at": None, "due_at": T0 + 80}),
    ("a delete that finds nothing too early is tried again", watched(State.RELEASING),
     events.DeleteAccepted(found=False), 20, {"state": State.RELEASING, "deleted_at": None, "due_at": T0 + 25}),
    ("a delete that finds nothing later is done", watched(State.RELEASING), events.DeleteAccepted(found=False), 130,
     {"deleted_at": T0 + 130}),
    ("a gone instance is released", watched(State.RELEASING, deleted_at=T0 + 20), events.Gone(), 22,
     {"state": State.FAILED}),
    ("a deleted instance that stays is deleted again", watched(State.RELEASING, deleted_at=T0 + 20),
     events.SeenPresent(), 90, {"state": State.RELEASING, "deleted_at": None}),
    ("a delete that is refused is tried again", watched(State.RELEASING),
     events.StepFailed("release", INITIALIZING, 0.0), 20, {"state": State.RELEASING, "last_error": INITIALIZING}),
    ("two seconds later at the soonest", watched(State.RELEASING),
     events.StepFailed("release", replace(THROTTLED, retry_after=0.5), 0.0), 20, {"due_at": T0 + 22, "tries": 1}),
    ("half a minute later at the latest", watched(State.RELEASING, tries=9),
     events.StepFailed("release", INITIALIZING, 0.0), 20, {"due_at": T0 + 50, "tries": 10}),
    ("and when the refusal says that it lasts", watched(State.RELEASING),
     events.StepFailed("release", START_REFUSED, 0.0), 20, {"state": State.RELEASING, "due_at": T0 + 50}),
    ("nor is there one for a delete", watched(State.RELEASING, tries=4),
     events.StepFailed("release", ApiError("DeleteInstance", 400, "Purple", "?"), 0.0), 20, {"due_at": T0 + 50}),
    ("what another worker's step met is not a delete's", watched(State.RELEASING),
     events.StepFailed("start", START_BUSY, 0.0), 20, {}),
    ("once more when the ten minutes end", watched(State.RELEASING),
     events.StepFailed("release", START_REFUSED, 0.0), 609, {"state": State.RELEASING, "due_at": T0 + 610}),
    ("at ten minutes to the second it gives up", watched(State.RELEASING),
     events.StepFailed("release", INITIALIZING, 0.0), 610, {"state": State.FAILED}),
    ("and so for one that stays", watched(State.RELEASING, deleted_at=T0 + 600), events.SeenPresent(), 610,
     {"state": State.FAILED}),
    ("not a second before", watched(State.RELEASING, deleted_at=T0 + 600), events.SeenPresent(), 609,
     {"state": State.RELEASING, "due_at": T0 + 610}),
    ("after ten minutes a release gives up", watched(State.RELEASING),
     events.StepFailed("release", INITIALIZING, 0.0), 611, {"state": State.FAILED}),
    ("after ten minutes a deleted one that stays is kept", watched(State.RELEASING, deleted_at=T0 + 600),
     events.SeenPresent(), 611, {"state": State.FAILED}),
    ("an ended record ignores what comes late", advance(creating(), failed(INVALID), T0, TIMINGS),
     events.InstanceCreated(1, Created("i-1")), 1, {}),
    ("publishing closes it", advance(creating(), failed(INVALID), T0, TIMINGS), events.Published(), 5,
     {"published_at": T0 + 5, "open": False}),
    ("a topic that refuses is asked again later", advance(creating(), failed(INVALID), T0, TIMINGS),
     events.PublishRefused(T0 + 20), 5, {"due_at": T0 + 20, "open": True}),
]  # fmt: skip


@pytest.mark.parametrize(("record", "event", "after", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_advance(record: Record, event: events.Event, after: float, expected: dict[str, Any]) -> None:
    """Each event changes what the design says, takes the next version, or gives the same record back."""
    changed = advance(record, event, T0 + after, TIMINGS)
    if not expected:
        assert changed is record
        return
    assert changed.version == record.version + 1
    assert {name: getattr(changed, name) for name in expected} == expected
    assert (changed.outcome is not None) == (changed.state in TERMINAL)


def test_every_pair_of_state_and_event_is_in_the_table() -> None:
    """Every row of the transition table is driven by a case above."""
    driven = {(record.state, type(event)) for _, record, event, _, _ in CASES}
    rows = {(state, event) for state, row in TABLE.items() for event in row}
    watched_states, ended = (State.PENDING, State.STARTING), (State.COMPLETED, State.FAILED)
    for alike in (watched_states, ended):
        seen = {event for state, event in driven if state in alike}
        driven |= {(state, event) for state in alike for event in seen}
    assert rows - driven == set()


def test_where_an_event_leads_is_what_the_table_says() -> None:
    """The states that the cases above end in, the watched ones from either state, are those that are drawn."""
    seen: dict[tuple[State, type], set[State]] = {}
    for _, record, event, after, expected in CASES:
        states = QUIET if record.state in QUIET else TERMINAL if record.state in TERMINAL else (record.state,)
        for state in states if expected else ():
            changed = advance(record.changed(state=state), event, T0 + after, TIMINGS)
            seen.setdefault((state, type(event)), set()).add(changed.state)
    said = {(state, event): set(nexts) for state, ways in LEADS_TO.items() for event, nexts in ways.items()}
    assert said == seen


def test_turning_over_takes_the_next_alternative_and_another_token() -> None:
    """A generation has its own token; its overrides and the last error are kept for the outcome."""
    record = second_generation()
    first, second = record.generations
    assert (first.error_code, second.alternative, second.overrides) == (
        "OperationDenied.NoStock", 1, {"InstanceType": "ecs.g7.large"},
    )  # fmt: skip
    assert first.token != second.token
    assert max(len(first.token), len(second.token)) <= 64


def test_generations_count_tries_of_the_same_parameters() -> None:
    """Repeating the same parameters goes on counting and changes nothing; an alternative begins anew with its own."""
    passing = ApiError("CreateInstance", 403, "IncorrectVpcStatus", "not yet")
    zones = [{"ZoneId": zone} for zone in "xyz"]
    record = creating(alternatives=zones, tries=2, forbidden=[{"alternative": 2, "breaches": []}])
    again = advance(record, failed(passing), T0 + 1, TIMINGS)
    assert (again.generation.number, again.generation.alternative, again.generation.overrides) == (2, 0, {})
    assert (again.tries, again.retry_at, again.generations[0].error_code) == (3, T0 + 21, "IncorrectVpcStatus")
    first = advance(record, failed(NO_STOCK), T0 + 1, TIMINGS)
    assert (first.generation.alternative, first.generation.overrides) == (1, {"ZoneId": "x"})
    assert (first.tries, first.retry_at) == (0, T0 + 1)
    called = advance(first, events.CallAnnounced("me", FENCE), T0 + 2, TIMINGS)
    third = advance(called, failed(NO_STOCK, 2), T0 + 3, TIMINGS)
    assert (third.generation.number, third.generation.alternative) == (3, 3), "2 is forbidden"
    assert third.generation.overrides == {"ZoneId": "z"}
    assert third.generation.token == client_token("test", "r1", "n", 3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"schema": 4}', "schema 4; this version reads up to 3"),
        ('{"state": "dreaming", "request_id": "r"}', "an unknown state or field"),
        ("{", "an unknown state or field"),
        ("[]", r"another shape \(AttributeError\)"),
        ('{"request_id": "r"}', r"another shape \(KeyError\)"),
    ],
)
def test_why_a_record_cannot_be_read(text: str, why: str) -> None:
    """The words say what is wrong, and hold nothing of the record."""
    with pytest.raises(UnreadableRecord, match=f"^{why}$"):
        from_json(text)


@pytest.mark.parametrize(("due", "opened"), [(5, 7.0), ("soon", None)])
def test_an_entry_that_cannot_be_understood_keeps_its_times(due: object, opened: object) -> None:
    """It is no hint of anything but that something is open there; times that are none are the earliest."""
    times = (5.0, 7.0) if due == 5 else (0.0, 0.0)
    assert OpenEntry.unclear("r1", due, opened, 9) == OpenEntry(
        "r1", None, "", None, due_at=times[0], deadline=times[0], absent_since=None, opened_at=times[1], schema=9
    )


@pytest.mark.parametrize(
    ("record", "end", "disposition"),
    [
        (advance(watched(), events.Vanished(), T0 + 100, TIMINGS), "InstanceVanished", "vanished"),
        (advance(watched(), events.Expired(), T0 + 901, TIMINGS), "ProvisioningTimeout", "kept"),
        (advance(watched(State.RELEASING, deleted_at=T0), events.Gone(), T0 + 9, TIMINGS), START_REFUSED.code,
         "released"),
        (advance(watched(State.RELEASING), events.StepFailed("release", INITIALIZING, 0.0), T0 + 611, TIMINGS),
         START_REFUSED.code, "kept"),
    ],
)  # fmt: skip
def test_a_failure_says_what_became_of_the_instance(record: Record, end: str, disposition: str) -> None:
    """The outcome names the error that ended the request, the instance, and what was done with it."""
    data = json.loads(record.outcome or "")["data"]
    assert (data["error"]["code"], data["instance"]["instanceId"], data["instance"]["disposition"]) == (
        end, "i-1", disposition,
    )  # fmt: skip


TIMED_OUT = ApiError("", None, "ProvisioningTimeout", "The request was not ready within its 900 seconds.")
ENDS: list[tuple[str, Record, events.Event, float, Failure]] = [
    ("a deadline while creating", creating(calling=False), events.Expired(), 901, Failure("create", TIMED_OUT)),
    ("settled at the deadline", creating(unknown=True, deadline=T0 + 60), events.LookedUp(None), 151,
     Failure("create", replace(TIMED_OUT, message="The request was not ready within its 60 seconds."))),
    ("a definite failure", creating(), failed(INVALID), 1, Failure("create", INVALID)),
    ("a settled failure", creating(unknown=True, settling=True, calling=False, last_error=INVALID, tries=1),
     events.LookedUp(None), 151, Failure("create", INVALID)),
    ("a deadline while pending", watched(), events.Expired(), 901, Failure("wait", TIMED_OUT)),
    ("a deadline while starting", watched(State.STARTING), events.Expired(), 901, Failure("start", TIMED_OUT)),
    ("a deadline after a step that failed", watched(last_error=NO_LIFETIME), events.Expired(), 901,
     Failure("lifetime", NO_LIFETIME)),
    ("a deadline with an error of its own", watched(), events.Expired(START_BUSY), 901, Failure("start", START_BUSY)),
    ("a start that cannot succeed", watched(), events.StepFailed("start", START_REFUSED, 0.0), 9,
     Failure("start", START_REFUSED)),
    ("taken back while pending", watched(), CANCEL, 5, replace(CANCELLED, stage="wait")),
    ("taken back while starting", watched(State.STARTING), CANCEL, 5, replace(CANCELLED, stage="start")),
    ("gone", watched(), events.Vanished(), 100,
     Failure("wait", ApiError("", None, "InstanceVanished", "Instance i-1 existed and is gone."))),
    ("released without a reason on record", watched(State.RELEASING, failure=None), events.Gone(), 22,
     Failure("wait", TIMED_OUT)),
]  # fmt: skip


@pytest.mark.parametrize(("record", "event", "after", "failure"), [c[1:] for c in ENDS], ids=[c[0] for c in ENDS])
def test_an_end_names_stage_and_error(record: Record, event: events.Event, after: float, failure: Failure) -> None:
    """What ended a request, and how far it had come by then."""
    assert advance(record, event, T0 + after, TIMINGS).failure == failure


@pytest.mark.parametrize(
    ("last_error", "reason"),
    [(None, "no answer: The delete was accepted, but the instance is still there."),
     (INITIALIZING, "IncorrectInstanceStatus.Initializing: too early")],
)  # fmt: skip
def test_a_release_that_gives_up_says_why(last_error: ApiError | None, reason: str) -> None:
    """The outcome tells what the last delete came to."""
    record = watched(State.RELEASING, deleted_at=T0 + 600, last_error=last_error)
    ended = advance(record, events.SeenPresent(), T0 + 611, TIMINGS)
    assert json.loads(ended.outcome or "")["data"]["instance"]["reason"] == reason


NEXT: list[tuple[str, Record, str, float, Next]] = [
    ("the caller calls", creating(), "me", 1, Next(CreateStep.CALL)),
    ("another waits for fence and skew", creating(), "you", 1, Next(CreateStep.WAIT, FENCE + TIMINGS.skew_seconds)),
    ("another goes on after them", creating(), "you", 91, Next(CreateStep.CALL)),
    ("a wait is kept", creating(calling=False, retry_at=T0 + 20), "you", 1, Next(CreateStep.WAIT, T0 + 20)),
    ("an unknown one tries its token again", creating(calling=False, unknown=True), "you", 1, Next(CreateStep.CALL)),
    ("settling waits", creating(calling=False, unknown=True, settling=True), "you", 1, Next(CreateStep.WAIT, SETTLED)),
    ("and is looked up", creating(calling=False, unknown=True, settling=True), "you", 150, Next(CreateStep.LOOK_UP)),
    ("at the deadline it ends", creating(calling=False), "you", 900, Next(CreateStep.EXPIRE)),
    ("or is settled first", creating(calling=False, unknown=True), "you", 900, Next(CreateStep.LOOK_UP)),
    ("and left to the timer while that is too early",
     creating(calling=False, unknown=True, call_until=T0 + 880), "you", 900, Next(CreateStep.LEAVE)),
    ("or ECS does not tell", creating(calling=False, unknown=True, look_up_at=T0 + 950), "you", 900,
     Next(CreateStep.LEAVE)),
    ("an unsettled token is called again while it is young", creating(calling=False, unknown=True), "you", 149,
     Next(CreateStep.CALL)),
    ("and then only after a look-up", creating(calling=False, unknown=True), "you", 150, Next(CreateStep.LOOK_UP)),
    ("which counts for the last call", creating(calling=False, unknown=True, call_until=T0 + 140), "you", 150,
     Next(CreateStep.WAIT, T0 + 260)),
    ("and waits after one that failed", creating(calling=False, unknown=True, look_up_at=T0 + 160), "you", 150,
     Next(CreateStep.WAIT, T0 + 160)),
    ("a token that is in no doubt is called at any age", creating(calling=False), "you", 800, Next(CreateStep.CALL)),
    ("fence and skew are over to the second", creating(), "you", 90, Next(CreateStep.CALL)),
    ("a wait is over to the second", creating(calling=False, retry_at=T0 + 20), "you", 20, Next(CreateStep.CALL)),
    ("no wait goes past the deadline", creating(calling=False, retry_at=T0 + 999), "you", 1,
     Next(CreateStep.WAIT, DEADLINE)),
    ("what is taken back is left to the timer", creating(calling=False, cancel=ACT), "you", 1, Next(CreateStep.LEAVE)),
    ("what waits calls in its last second", waiting(), "you", 899, Next(CreateStep.CALL)),
    ("and ends with it", waiting(), "you", 900, Next(CreateStep.EXPIRE)),
    ("a dry run needs no settling", creating(calling=True, dry_run=True), "you", 900, Next(CreateStep.EXPIRE)),
]  # fmt: skip


@pytest.mark.parametrize(("record", "claimant", "after", "expected"), [c[1:] for c in NEXT], ids=[c[0] for c in NEXT])
def test_next_step(record: Record, claimant: str, after: float, expected: Next) -> None:
    """Only whoever announced a call may call before the fence; nothing ends or turns over unsettled."""
    assert next_step(record, claimant, T0 + after, TIMINGS) == expected


def test_the_timer_never_calls_create_instance() -> None:
    """The timer looks up, ends, or waits: it has no message, so it has no secrets to call with."""
    for unknown in (False, True):
        for calling in (False, True):
            for after in (1, 91, 151, 901, 2000):
                record = creating(calling=calling, unknown=unknown)
                assert watch_step(record, T0 + after).step is not CreateStep.CALL


WATCHED: list[tuple[Record, float, Next]] = [
    (creating(calling=False, due_at=T0 + 90), 89, Next(CreateStep.WAIT, T0 + 90)),
    (creating(calling=False, due_at=T0 + 90), 90, Next(CreateStep.WAIT, DEADLINE)),
    (creating(calling=False, due_at=T0 + 90), 900, Next(CreateStep.EXPIRE)),
    (creating(due_at=T0 + 90), 90, Next(CreateStep.LOOK_UP)),
    (waiting(due_at=T0 + 900), 900, Next(CreateStep.EXPIRE)),
]


@pytest.mark.parametrize(("record", "after", "expected"), WATCHED)
def test_watch_step(record: Record, after: float, expected: Next) -> None:
    """The timer comes to a record at its due time to the second, and then settles or ends it, or waits for its end."""
    assert watch_step(record, T0 + after) == expected


@pytest.mark.parametrize(
    ("waited", "jitter", "wait"),
    [(0, 0.0, 5.0), (10, 0.0, 5.0), (12, 0.0, 6.0), (12, 0.5, 4.5), (400, 0.0, 200.0), (700, 0.0, 200.0)],
)
def test_what_is_held_back_asks_again_the_later_the_longer_it_waits(waited: float, jitter: float, wait: float) -> None:
    """Half of what it has waited, five seconds at least, less by chance, and never past the end."""
    assert try_again_at(waiting(), T0 + waited, jitter) == pytest.approx(T0 + waited + wait)
    aged = waiting(deadline=T0 + 86400)
    assert try_again_at(aged, T0 + 3600, 0.0) == T0 + 3900, "five minutes at most"


@pytest.mark.parametrize(("not_after", "code"), [(T0 + 5, "MessageExpired"), (DEADLINE, "PolicyLimit")])
def test_what_waits_says_what_ended_it(not_after: float, code: str) -> None:
    """A message's own end is told as that only where it comes before the deadline."""
    ended = advance(waiting(not_after=not_after), events.Expired(), DEADLINE, TIMINGS)
    assert ended.failure is not None
    assert ended.failure.error.code == code
    assert ended.failure.stage == "create"
    assert ended.failure.error.action == ""
    assert code != "MessageExpired" or ended.failure.error.http_status == 400


ENDED = advance(creating(places=("open", "hour-x")), failed(INVALID), T0 + 1, TIMINGS)


@pytest.mark.parametrize(
    ("record", "bucket", "kept"),
    [
        (None, "open", False),
        (waiting(places=()), "open", True),
        (creating(places=("open",)), "open", True),
        (creating(places=("open",)), "hour-x", False),
        (ENDED, "open", False),
        (ENDED, "hour-x", False),
        (ENDED.changed(instance_id="i-1"), "hour-x", True),
        (ENDED.changed(instance_id="i-1"), "open", False),
        (ENDED.changed(instance_id="i-1"), "hour-y", False),
    ],
)
def test_who_keeps_a_place(record: Record | None, bucket: str, *, kept: bool) -> None:
    """Who may call keeps what it holds, who waits may hold any, and who has bought keeps its hour's for ever."""
    assert keeps(record, bucket) is kept


def test_keys_that_another_region_refuses_are_not_waited_for() -> None:
    """They are good where the worker is: only there is a refused key worth another try."""
    error = ApiError("CreateInstance", 404, "InvalidAccessKeyId.NotFound", "no such key")
    for region, state in (("cn-hangzhou", State.CREATING), ("", State.CREATING), ("cn-beijing", State.FAILED)):
        timings = replace(TIMINGS, region=region)
        assert advance(creating(), failed(error), T0 + 1, timings).state is state


def test_a_fingerprint_of_a_later_schema_is_no_mismatch() -> None:
    """What this version cannot compute it does not compare; it says which schema it was."""
    request = Request("r1", creating_parameters())
    with pytest.raises(UnreadableRecord, match=r"^a fingerprint of schema 99$"):
        creating(fingerprint_schema=99).is_of(request)
    assert not creating(fingerprint="other").is_of(request)


ACTS: list[tuple[Record, str | None, float, WatchStep]] = [
    (watched(), "Pending", 9, WatchStep.WAIT),
    (watched(), "Stopped", 9, WatchStep.START),
    (watched(start=False), "Stopped", 9, WatchStep.DESCRIBE),
    (watched(allocate_public_ip=True), "Stopped", 9, WatchStep.ALLOCATE),
    (watched(allocate_public_ip=True, public_ip_address="47.1.1.1"), "Stopped", 9, WatchStep.START),
    (watched(), "Running", 9, WatchStep.DESCRIBE),
    (watched(), "Pending", 900, WatchStep.EXPIRE),
    (watched(), "Stopped", 900, WatchStep.EXPIRE),
    (watched(start=False), "Stopped", 900, WatchStep.DESCRIBE),
    (watched(), None, 900, WatchStep.EXPIRE),
    (watched(State.STARTING, start_sent_at=T0 + 5), "Stopped", 9, WatchStep.WAIT),
    (watched(State.STARTING, start_sent_at=T0 + 5), "Stopped", 64, WatchStep.WAIT),
    (watched(State.STARTING, start_sent_at=T0 + 5), "Stopped", 65, WatchStep.START),
    (watched(State.STARTING, start_sent_at=T0 + 5), "Stopped", 70, WatchStep.START),
    (watched(), "Stopped", 899, WatchStep.START),
    (watched(release_at=T0 + 9000, last_error=START_BUSY), "Stopped", 900, WatchStep.SET_LIFETIME),
    (watched(State.STARTING, start_sent_at=T0 + 5), "Running", 901, WatchStep.DESCRIBE),
    (watched(release_at=T0 + 9000), "Pending", 9, WatchStep.WAIT),
    (watched(release_at=T0 + 9000, allocate_public_ip=True), "Stopped", 9, WatchStep.SET_LIFETIME),
    (watched(release_at=T0 + 9000, start=False), "Stopped", 9, WatchStep.SET_LIFETIME),
    (watched(release_at=T0 + 9000), "Running", 9, WatchStep.SET_LIFETIME),
    (watched(release_at=T0 + 9000, lifetime_set_at=T0), "Stopped", 9, WatchStep.START),
    (watched(release_at=T0 + 9000), "Stopped", 900, WatchStep.SET_LIFETIME),
    (watched(release_at=T0 + 9000, last_error=NO_LIFETIME), "Stopped", 900, WatchStep.EXPIRE),
    (watched(release_at=T0 + 9000, on_failure="release"), "Stopped", 900, WatchStep.EXPIRE),
]


@pytest.mark.parametrize(("record", "status", "after", "expected"), ACTS)
def test_act(record: Record, status: str | None, after: float, expected: WatchStep) -> None:
    """A status allows one step; what is ready completes even at the deadline."""
    assert act(record, status, T0 + after) is expected


LATEST = T0 + 3 * 365 * 86400


@pytest.mark.parametrize(
    ("wanted", "now", "taken"),
    [
        # ECS takes whole minutes from half an hour on; our clock may be a minute off either way. T0 + 20 is a minute.
        (T0 + 1000, T0 + 20, T0 + 1880),
        (T0 + 1000, T0 + 21, T0 + 1940),
        (T0 + 2000, T0 + 20, T0 + 2000),
        (LATEST, T0 + 20, LATEST - 40),
        (LATEST, T0 + 79, LATEST - 40),
        (LATEST, T0 + 80, LATEST),
    ],
)
def test_a_release_time_is_one_that_ecs_takes(wanted: float, now: float, taken: float) -> None:
    """The wanted instant, or the nearest whole minute from half an hour to three years ahead."""
    assert settable(wanted, now, TIMINGS) == taken


def test_a_record_survives_its_json() -> None:
    """Reading what was written gives the same record, and no secret was ever in it."""
    record = second_generation()
    assert from_json(to_json(record)) == record
    assert isinstance(record.generation, Generation)


def test_a_changed_record_is_what_replace_makes() -> None:
    """`changed` gives what `dataclasses.replace` gives, leaves its own record alone, and knows every field."""
    record = creating()
    before = to_json(record)
    assert record.changed(tries=3, instance_id="i-1") == replace(record, tries=3, instance_id="i-1")
    assert to_json(record) == before
    with pytest.raises(TypeError, match="no such_field"):
        record.changed(such_field=1)
