"""Instances against records: what an audit finds. It only compares; nothing here changes anything."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.lifecycle.claim import tag_owner
from shared.domain.lifecycle.record import TERMINAL, UnreadableRecord
from shared.domain.timings import REQUEST_TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shared.domain.lifecycle.record import Instance, OpenEntry, Record
    from shared.domain.timings import Timings

OVERDUE_SECONDS = 1200.0
"""How long past its deadline a request may still be open: settling and ten minutes of releasing, and then some."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should not be: its kind, whose it is, and words."""

    finding: str
    request_id: str
    instance_id: str | None
    says: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit looked at, and what it found. `foreign` instances belong to other deployments."""

    findings: tuple[Finding, ...]
    instances: int
    foreign: int
    open: int


def audit(
    instances: Iterable[Instance],
    opened: Iterable[OpenEntry],
    record_of: Callable[[str], Record | None],
    *,
    now: float,
    timings: Timings,
    store: str,
) -> Audit:
    """Compare. `now` is when the instances were listed, before the rest was read: records are older than instances.

    `store` is the identity of the records' store. Raises what `record_of` raises, save UnreadableRecord: a finding.
    """
    # Until 0.2 a tag did not name the store: such an instance may be another stack's, of the same name.
    own = (tag_owner(timings.deployment, store), timings.deployment)
    by_tag: dict[str, list[Instance]] = defaultdict(list)
    foreign = 0
    for instance in instances:
        tag = dict(instance.tags).get(REQUEST_TAG, "")
        if tag.partition("/")[0] in own:
            by_tag[tag].append(instance)
        else:
            foreign += 1
    entries = {entry.request_id: entry for entry in opened}
    records: dict[str, Record | None] = {}
    unreadable: list[Finding] = []
    for tag in by_tag:
        request_id = tag.partition("/")[2]
        try:
            record = record_of(request_id)
        except UnreadableRecord as failure:
            unreadable.append(Finding("unreadable", request_id, None, f"another version recorded it: {failure}"))
        else:
            # A record with another tag is another request's: its id was free again, or is used in both stacks.
            records[tag] = record if record is not None and record.tag == tag else None
    findings = [
        *unreadable,
        *_instances({tag: by_tag[tag] for tag in records}, records, now, timings),
        *_shared(records.values()),
        *(_late(entry) for entry in entries.values() if now >= _overdue(entry)),
    ]
    return Audit(tuple(findings), sum(map(len, by_tag.values())), foreign, len(entries))


def _instances(
    by_tag: Mapping[str, list[Instance]], records: Mapping[str, Record | None], now: float, timings: Timings
) -> Iterator[Finding]:
    for tag, instances in by_tag.items():
        request_id = tag.partition("/")[2]
        if len(instances) > 1:
            ids = ", ".join(instance.instance_id for instance in instances)
            yield Finding("two-instances", request_id, None, f"{len(instances)} instances carry its tag: {ids}")
        for instance in instances:
            found = _judge(instance, records[tag], now, timings)
            if found is not None:
                yield Finding(found[0], request_id, instance.instance_id, found[1])


def _judge(instance: Instance, record: Record | None, now: float, timings: Timings) -> tuple[str, str] | None:
    """Return what is wrong with an instance, as kind and words."""
    if record is None:
        expired = instance.created_at is not None and now - instance.created_at >= timings.keep_seconds
        return None if expired else ("no-record", "nothing is recorded of its request")
    if record.instance_id is None and record.outcome is None:
        return None  # a call is under way, or about to be settled; one that takes too long is found as open
    if record.instance_id != instance.instance_id:
        named = record.instance_id or "no instance"
        return "not-named", f"its request is {record.state.value} and names {named}"
    if record.lifetime_set_at is not None and now >= (record.release_at or now) + OVERDUE_SECONDS:
        return "not-released", "its release time is long over, and it exists"
    told = json.loads(record.outcome)["data"]["instance"] if record.outcome else None
    gone = told is not None and told.get("disposition") in ("released", "vanished")
    if gone and (record.finished_at or now) < now:
        return "said-gone", "its outcome says that it is gone, and it exists"
    return None


def _shared(records: Iterable[Record | None]) -> Iterator[Finding]:
    requests: dict[str, list[str]] = defaultdict(list)
    for record in records:
        if record is not None and record.instance_id is not None:
            requests[record.instance_id].append(record.request_id)
    for instance_id, ids in requests.items():
        if len(ids) > 1:
            yield Finding("two-requests", ids[0], instance_id, f"{len(ids)} requests name it: {', '.join(ids)}")


def _overdue(entry: OpenEntry) -> float:
    return max(entry.deadline, entry.opened_at) + OVERDUE_SECONDS


def _late(entry: OpenEntry) -> Finding:
    ended = "its outcome is not published" if entry.state in TERMINAL else "it has no outcome"
    state = "in a state that this version does not know" if entry.state is None else entry.state.value
    says = f"long past its deadline and {state}: {ended}"
    return Finding("no-outcome", entry.request_id, entry.instance_id, says)
