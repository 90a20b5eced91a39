"""Negative controls: the suite notices a store that is broken."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from place_checks import PLACE_CHECKS
from store_backends import SqliteMemory
from store_checks import CHECKS

from shared.adapters.sqlite import SqliteStore
from shared.adapters.system import SystemEntropy
from shared.ports import Conflict, Lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from store_backends import Backend

    from shared.domain.lifecycle.record import OpenEntry, Record
    from shared.domain.policy.control import Pause
    from shared.ports import StoredPolicy

ALL = (*CHECKS, *PLACE_CHECKS)


class IgnoresConditions(SqliteStore):
    """Writes whatever version is there."""

    def update(self, record: Record) -> None:
        found = self.get(record.request_id)
        super().update(replace(record, version=found.version + 1) if found else record)


class ClaimsAgain(SqliteStore):
    """Tells everybody that the claim was theirs."""

    def claim(self, record: Record) -> Record | None:
        super().claim(record)
        return None


class LosesAnUpdate(SqliteStore):
    """Forgets every other update."""

    def update(self, record: Record) -> None:
        if record.version % 2:
            super().update(record)


class HidesConflicts(SqliteStore):
    """Says that a write was done which was not."""

    def update(self, record: Record) -> None:
        with suppress(Conflict):
            super().update(record)


class ForgetsTheOpenRow(SqliteStore):
    """Loses the entry of a record that was updated."""

    def open_work(self, now: float, after: tuple[float, str] | None = None) -> Iterator[OpenEntry]:
        for entry in super().open_work(now, after):
            record = self.get(entry.request_id)
            if record is None or record.version == 1:
                yield entry


class KeepsTheOpenRow(SqliteStore):
    """Never closes anything."""

    def next_due(self) -> float | None:
        return 0.0


class ReadsOnePage(SqliteStore):
    """Stops after the first page."""

    def open_work(self, now: float, after: tuple[float, str] | None = None) -> Iterator[OpenEntry]:
        yield from list(super().open_work(now, after))[:3]


class MixesUpOrder(SqliteStore):
    """Yields by request id."""

    def open_work(self, now: float, after: tuple[float, str] | None = None) -> Iterator[OpenEntry]:
        yield from sorted(super().open_work(now, after), key=lambda entry: entry.request_id)


class SharesTheLease(SqliteStore):
    """Gives the lease to whoever asks."""

    def take_lease(self, name: str, holder: str, now: float, seconds: float) -> Lease | None:
        return super().take_lease(name, holder, now, seconds) or Lease(holder, now + seconds)


class KeepsForEver(SqliteStore):
    """Never removes a record."""

    def purge(self, before: float, limit: int) -> int:
        del before, limit
        return 0


class ForgetsItsIdentity(SqliteStore):
    """Answers with new digits each time."""

    def identity(self) -> str:
        return SystemEntropy().token()[:8]


class SetsOverAnother(SqliteStore):
    """Puts a policy in force whatever is there."""

    def put_policy(self, policy: StoredPolicy) -> None:
        with suppress(Conflict):
            super().put_policy(policy)


class ForgetsOldPolicies(SqliteStore):
    """Knows the policy in force only."""

    def policy_version(self, version: int) -> StoredPolicy | None:
        found = self.policy()
        return found if found and found.version == version else None


class TakesTwo(SqliteStore):
    """Gives whoever asks again another place."""

    def take_place(self, bucket: str, holder: str, limit: int, now: float) -> bool:
        held = len(self.holders(bucket))
        return super().take_place(
            bucket, holder if holder not in self.holders(bucket) else f"{holder}+{held}", limit, now
        )


class GivesAnyBack(SqliteStore):
    """Takes a place from anybody when one is given back."""

    def give_back(self, bucket: str, holder: str) -> None:
        for other in [holder, *self.holders(bucket)][:2]:
            super().give_back(bucket, other)


class HasOneMore(SqliteStore):
    """Has one place more than the limit."""

    def take_place(self, bucket: str, holder: str, limit: int, now: float) -> bool:
        return super().take_place(bucket, holder, limit + 1, now)


class PausesOverOthers(SqliteStore):
    """Puts a word over whatever stands there."""

    def put_pause(self, pause: Pause, before: Pause | None) -> None:
        del before
        super().put_pause(pause, self.pause())


BROKEN = (
    IgnoresConditions, ClaimsAgain, LosesAnUpdate, HidesConflicts, ForgetsTheOpenRow, KeepsTheOpenRow, ReadsOnePage,
    MixesUpOrder, SharesTheLease, KeepsForEver,
    ForgetsItsIdentity, SetsOverAnother, ForgetsOldPolicies, TakesTwo, GivesAnyBack, HasOneMore, PausesOverOthers,
)  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_the_contract_catches(broken: type[SqliteStore]) -> None:
    """At least one check fails for each kind of breakage."""
    assert [check.__name__ for check in ALL if _fails(check, broken)]


def test_the_contract_passes_a_sound_store() -> None:
    """What the controls fail at is the breakage, not the harness."""
    for check in ALL:
        with closing(SqliteMemory()) as sound:
            check(sound)


def _fails(check: Callable[[Backend], None], broken: type[SqliteStore]) -> bool:
    with closing(SqliteMemory(broken)) as backend:
        try:
            check(backend)
        except (AssertionError, Conflict, pytest.fail.Exception):
            return True
    return False
