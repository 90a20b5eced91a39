"""Negative controls: each takes one safeguard away, and the simulation has to notice.

A guarantee that still holds without its mechanism was never tested.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.adapters import control
from shared.adapters.circuit_breaker import Circuits
from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.domain.errors.retry import POLICIES
from shared.domain.lifecycle import claim as claiming
from shared.domain.lifecycle import creating, events, outcome, record_json, waiting
from shared.domain.lifecycle.record import Record, State, UnreadableRecord
from shared.domain.lifecycle.transitions import TABLE
from shared.domain.message import alternatives
from shared.domain.policy.control import Steering
from shared.domain.policy.places import missing
from shared.ports import POLICY_SECONDS, ApiFailure, InForce
from shared.usecases import advance_open, places, writing
from shared.usecases import create as creation
from shared.usecases import provision as provisioning
from shared.usecases.advance_open import OpenRequest
from shared.usecases.context import Run
from shared.usecases.refuse import kept_refusal
from tests.reliability import cloud
from tests.reliability.world import SimCompute, SimOutcomes, SimStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.lifecycle.record import Created
    from shared.domain.message.request import Delivery, Refusal, Request
    from shared.domain.timings import Timings
    from tests.reliability.scenario import Simulation


_CLAIM = provisioning.claim


@contextmanager
def swap(holder: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute, or an item of a dict, for a while."""
    items = isinstance(holder, dict)
    before = holder[name] if items else getattr(holder, name)
    (holder.__setitem__ if items else lambda n, v: setattr(holder, n, v))(name, value)
    try:
        yield
    finally:
        (holder.__setitem__ if items else lambda n, v: setattr(holder, n, v))(name, before)


@contextmanager
def _set(simulation: Simulation, **changes: Any) -> Iterator[None]:
    for name, value in changes.items():
        setattr(simulation, name, value)
    yield


class _NewTokens(SimCompute):
    """A worker that makes up a token at every call."""

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        token = f"{self.call.world.kernel.random.getrandbits(64):x}"
        return super().create({**parameters, "ClientToken": token})


class _HiddenRetry(SimCompute):
    """A transport that connects again after a lost answer, and tells only what came of that."""

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        try:
            return super().create(parameters)
        except ApiFailure as failure:
            if failure.error.http_status is None and self.call.world.kernel.random.random() < 0.5:
                raise ApiFailure(replace(failure.error, sent=False)) from None
            raise


def _claim_after_call(_self: SimStore, _record: Record) -> Record | None:
    return None


def _insert_or_update(self: SimStore, record: Record) -> None:
    world = self.call.world
    self._write("upsert", lambda: world.records.__setitem__(record.request_id, record))
    if record.open:
        self._write("hint", lambda: world.entries.__setitem__(record.request_id, record.entry))
    else:
        self._write("close", lambda: world.entries.pop(record.request_id, None))


def _claim_without_entry(self: SimStore, record: Record) -> Record | None:
    records, key = self.call.world.records, record.request_id
    found = self._write("claim without entry", lambda: records.setdefault(key, record))
    return None if found is record else found


def _closed_store(self: SimStore, record: Record) -> None:
    world = self.call.world
    self._write("update without entry", lambda: world.records.__setitem__(record.request_id, record))


def _fresh_bytes(self: SimOutcomes, body: str, _tag: str) -> None:
    world = self.call.world
    text = json.dumps({**json.loads(body), "time": str(world.kernel.now)})
    self.call.make("topic.publish", "now", lambda: world.published.append(text), RuntimeError)


def _one_token(deployment: str, request_id: str, nonce: str, _generation: int) -> str:
    return f"{deployment}{request_id}{nonce}"[:64]


def _ignored_fence(record: Record, event: events.CallAnnounced, _now: float, _timings: Timings) -> Record:
    return replace(record, claimant=event.claimant, calling=True, call_until=event.call_until)


def _never_unknown(record: Record, event: events.CreateFailed, now: float, timings: Timings) -> Record:
    return replace(creating.on_failed(record, event, now, timings), unknown=False, settling=False)


def _trusting_claim(*arguments: Any, **named: Any) -> Record:
    return replace(_CLAIM(*arguments, **named), token_until=1e12)


def _trusting(record: Record, event: events.CallAnnounced, now: float, timings: Timings) -> Record:
    return replace(creating.on_announced(record, event, now, timings), token_until=1e12)


def _any_token(record: Record, event: events.LookedUp, now: float, timings: Timings) -> Record:
    return creating.on_looked_up(replace(record, sender_token=False), event, now, timings)


def _no_skew(timings: Timings) -> Timings:
    """Let nobody wait for anybody's fence; what else the skew protects stays as it is."""
    return replace(timings, skew_seconds=-1e6, grace_seconds=timings.grace_seconds + timings.skew_seconds + 1e6)


def _believed_at_once(self: OpenRequest) -> None:
    event = events.SeenAbsent() if self.record.absent_since is None else events.Vanished()
    self._record_and_log(event)


_READ = record_json.from_json


def _by_the_newest(run: Run, content: Request, _record: Record) -> Request:
    policy = run.ports.policies.current(run.now(), 0.0).policy
    profile = policy.profiles.get(content.profile or "")
    return content if profile is None else content.with_profile(profile)


def _next_of_all(record: Record) -> int | None:
    following = record.generation.alternative + 1
    return following if following <= len(record.alternatives) else None


_CURRENT = PolicyCache.current


def _once_read(self: PolicyCache, now: float, _max_age: float = 0.0) -> InForce:
    return replace(_CURRENT(self, now, 1e9), good_until=now + POLICY_SECONDS)


def _frozen_nowhere(run: Run, delivery: Delivery, refusal: Refusal, *, duplicate_of: str | None = None) -> Record:
    text = outcome.refused(refusal, delivery.message_id, delivery.time, run.timings, duplicate_of=duplicate_of)
    return replace(kept_refusal(delivery.message_id, text, run.now()), published_at=run.now())


def _absent_unless_read(self: SimStore, key: str) -> Record | None:
    text = self.call.world.records.texts.get(key)
    try:
        return None if text is None else self._decode(text)
    except UnreadableRecord:
        return None


_CLAIM_MESSAGE = provisioning._Message._claim  # noqa: SLF001 - the control stands in for it
_CALL = creation._call  # noqa: SLF001 - the same


def _place_before_record(self: provisioning._Message, request: Request) -> provisioning.MessageEnd:
    now = self.run.now()
    for bucket, limit in missing(self.run.ports.policies.current(now).policy.limits, (), now):
        self.run.ports.store.take_place(bucket, request.request_id, limit, now)
    return _CLAIM_MESSAGE(self, request)


def _any_place(self: SimStore, bucket: str, holder: str) -> None:
    held = self.call.world.steered.places.get(bucket, {})
    self._write(f"give back {bucket}", lambda: self._gave_back(bucket, next(iter(held), holder)))


def _given_back_in_doubt(run: Run, request: Request, record: Record, claimant: str) -> Record:
    after = _CALL(run, request, record, claimant)
    for bucket in after.places if after.unknown else ():
        run.ports.store.give_back(bucket, after.request_id)
    return after


def _uncounted_place(self: SimStore, bucket: str, holder: str, _limit: int, _now: float) -> bool:
    world = self.call.world
    return self._write("take", lambda: world.steered.take(bucket, holder, 10**6, world.kernel.now, world.records))


def _cancelled_at_once(record: Record, event: events.CancelAsked, now: float, timings: Timings) -> Record:
    return outcome.fail_cancelled(record.changed(cancel=outcome.act(event, now)), now, timings)


@dataclass(frozen=True, slots=True)
class Control:
    """One safeguard, how to run a simulation without it, and a seed that noticed it: it is tried first."""

    safeguard: str
    without: Callable[[Simulation], Any]
    seed: int = 0


@contextmanager
def _two(*contexts: Any) -> Iterator[None]:
    first, second = contexts
    with first, second:
        yield


CONTROLS = (
    Control(
        "the token is recorded before the call",
        lambda _: _two(swap(SimStore, "claim", _claim_after_call), swap(SimStore, "update", _insert_or_update)),
    ),
    Control("a generation keeps its token", lambda s: _set(s, compute=_NewTokens)),
    Control(
        "another generation has another token",
        lambda _: _two(swap(claiming, "client_token", _one_token), swap(creating, "client_token", _one_token)),
        42,
    ),
    Control(
        "whoever announced a call is left to it until the fence",
        lambda s: _two(
            swap(TABLE[State.CREATING], events.CallAnnounced, _ignored_fence),  # type: ignore[arg-type] # swaps any attribute or entry
            _set(s, timings=_no_skew(s.timings)),
        ),
        153,
    ),
    Control("unknown answers are settled", lambda s: _set(s, timings=replace(s.timings, settle_seconds=-1e6)), 268),
    Control(
        "an unknown answer is remembered",
        lambda _: swap(TABLE[State.CREATING], events.CreateFailed, _never_unknown),  # type: ignore[arg-type] # swaps any attribute or entry
        6,
    ),
    Control("no retry is hidden in the transport", lambda s: _set(s, compute=_HiddenRetry), 199),
    Control(
        "the look-up comes first once the token may be forgotten",
        lambda _: _two(
            swap(provisioning, "claim", _trusting_claim),
            swap(TABLE[State.CREATING], events.CallAnnounced, _trusting),  # type: ignore[arg-type] # swaps any attribute or entry
        ),
        325,
    ),
    Control(
        "a sender's token that stands for something else ends the request",
        lambda _: swap(TABLE[State.CREATING], events.LookedUp, _any_token),  # type: ignore[arg-type] # swaps any attribute or entry
        67,
    ),
    Control(
        "a look-up that failed is repeated later",
        lambda _: swap(TABLE[State.CREATING], events.LookUpFailed, lambda record, *_: record),  # type: ignore[arg-type] # swaps any attribute or entry
        24,
    ),
    Control("a region that does not answer is asked seldom", lambda _: swap(Circuits, "refusal", lambda *_: None), 6),
    Control("writes are conditional", lambda s: _set(s.world, conditional=False), 1),  # type: ignore[arg-type] # swaps any attribute or entry
    Control("an outcome's bytes are frozen", lambda _: swap(SimOutcomes, "publish", _fresh_bytes)),
    Control("a message is sent again before it is acknowledged", lambda s: _set(s, lossy_queue=True)),
    Control(
        "absence means nothing in the grace period",
        lambda s: _set(s, timings=replace(s.timings, grace_seconds=-1e6)),
        57,
    ),
    Control("absence is confirmed by name", lambda _: swap(OpenRequest, "_missing", _believed_at_once), 112),
    Control("what the API says is cleaned of secrets", lambda _: swap(cloud, "redact", lambda text, _secrets: text), 6),
    Control(
        "a message is looked up before it is judged",
        lambda _: swap(provisioning._Message, "_recorded", lambda _self: None),  # noqa: SLF001 - the control stands in for it
    ),
    Control("a refusal is frozen before it is published", lambda _: swap(provisioning, "freeze", _frozen_nowhere), 14),
    Control("a bug is counted", lambda _: swap(provisioning, "with_deferrals", lambda body, _count: body)),
    Control(
        "the tag names the store",
        lambda _: swap(claiming, "tag_owner", lambda deployment, _store: deployment),
        277,
    ),
    Control(
        "unknown fields survive an update",
        lambda _: swap(record_json, "from_json", lambda text: replace(_READ(text), others={})),
        5,
    ),
    Control("what cannot be read is not absent", lambda _: swap(SimStore, "_there", _absent_unless_read), 6),
    Control(
        "refused keys are no message's failure",
        lambda _: swap(POLICIES, "authentication", replace(POLICIES["authentication"], attempts=1)),
        81,
    ),
    Control("refused keys end the process", lambda _: swap(Run, "keys_refused", property(lambda _run: False)), 22),
    Control(
        "a copy comes to what the recorded policy says",
        lambda _: swap(provisioning, "as_accepted", _by_the_newest),
        19,
    ),
    Control("what is called for was judged", lambda _: swap(alternatives, "breaches", lambda *_: []), 2),
    Control(
        "a forbidden alternative is skipped", lambda _: swap(Record, "next_alternative", property(_next_of_all)), 67
    ),
    Control("the policy is read again", lambda _: swap(PolicyCache, "current", _once_read), 8),
    Control("a lifetime is set before the start", lambda _: swap(waiting, "is_unset", lambda _record: False)),
    Control(
        "a release time that came too near is moved",
        lambda _: swap(advance_open, "settable", lambda wanted, *_: wanted),
        309,
    ),
    Control(
        "the record comes before the place",
        lambda _: swap(provisioning._Message, "_claim", _place_before_record),  # noqa: SLF001 - the control stands in for it
        2,
    ),
    Control("places are taken before a call", lambda _: swap(places, "missing", lambda *_: []), 8),
    Control("places are counted", lambda _: swap(SimStore, "take_place", _uncounted_place), 10),
    Control("a place is given back by its holder", lambda _: swap(SimStore, "give_back", _any_place), 10),
    Control("a place is kept while a call is in doubt", lambda _: swap(creation, "_call", _given_back_in_doubt), 58),
    Control("places are given back at the end", lambda _: swap(writing, "give_back_ended", lambda *_: None), 19),
    Control(
        "a pause is read",
        lambda _: swap(KeptControl, "current", lambda _self, now: Steering(None, now + POLICY_SECONDS)),
        8,
    ),
    Control("a pause is read again", lambda _: swap(control, "POLICY_SECONDS", 300.0), 290),
    Control(
        "a call under way is settled before a cancel",
        lambda _: swap(TABLE[State.CREATING], events.CancelAsked, _cancelled_at_once),  # type: ignore[arg-type] # swaps any attribute or entry
        189,
    ),
    Control(
        "open work has an entry",
        lambda _: _two(swap(SimStore, "claim", _claim_without_entry), swap(SimStore, "update", _closed_store)),
    ),
)
