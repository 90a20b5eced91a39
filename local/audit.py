"""Instances against records: what an audit finds. It only compares; nothing here changes anything."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
) -> Audit:
    """Compare. `now` is when the instances were listed, before the rest was read: records are older than instances."""
    by_request: dict[str, list[Instance]] = defaultdict(list)
    foreign = 0
    for instance in instances:
        deployment, _, request_id = dict(instance.tags).get(REQUEST_TAG, "").partition("/")
        if deployment == timings.deployment:
            by_request[request_id].append(instance)
        else:
            foreign += 1
    entries = {entry.request_id: entry for entry in opened}
    records = {request_id: record_of(request_id) for request_id in by_request}
    findings = [
        *_instances(by_request, records, now, timings),
        *_shared(records),
        *(_late(entry) for entry in entries.values() if now >= _overdue(entry)),
    ]
    return Audit(tuple(findings), sum(map(len, by_request.values())), foreign, len(entries))


def _instances(
    by_request: Mapping[str, list[Instance]], records: Mapping[str, Record | None], now: float, timings: Timings
) -> Iterator[Finding]:
    for request_id, instances in by_request.items():
        if len(instances) > 1:
            ids = ", ".join(instance.instance_id for instance in instances)
            yield Finding("two-instances", request_id, None, f"{len(instances)} instances carry its tag: {ids}")
        for instance in instances:
            found = _judge(instance, records[request_id], now, timings)
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
    told = json.loads(record.outcome)["data"]["instance"] if record.outcome else None
    gone = told is not None and told.get("disposition") in ("released", "vanished")
    if gone and (record.finished_at or now) < now:
        return "said-gone", "its outcome says that it is gone, and it exists"
    return None


def _shared(records: Mapping[str, Record | None]) -> Iterator[Finding]:
    requests: dict[str, list[str]] = defaultdict(list)
    for request_id, record in records.items():
        if record is not None and record.instance_id is not None:
            requests[record.instance_id].append(request_id)
    for instance_id, ids in requests.items():
        if len(ids) > 1:
            yield Finding("two-requests", ids[0], instance_id, f"{len(ids)} requests name it: {', '.join(ids)}")


def _overdue(entry: OpenEntry) -> float:
    return max(entry.deadline, entry.opened_at) + OVERDUE_SECONDS


def _late(entry: OpenEntry) -> Finding:
    ended = "its outcome is not published" if entry.state.value in ("completed", "failed") else "it has no outcome"
    says = f"long past its deadline and {entry.state.value}: {ended}"
    return Finding("no-outcome", entry.request_id, entry.instance_id, says)
