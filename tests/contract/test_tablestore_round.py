"""What a polling round costs in requests to Tablestore."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import structlog
from store_backends import LOCAL
from store_records import NOW, claimed

from local import defaults
from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.adapters.system import SystemEntropy
from shared.adapters.tablestore import rows, schema
from shared.adapters.tablestore.client import connect, tablestore
from shared.adapters.tablestore.store import TablestoreStore
from shared.domain.lifecycle.record import State
from shared.domain.timings import Timings
from shared.ports import Ports
from shared.usecases.poll import poll

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store_backends import Tablestore

BATCH = 200


class StillPending:
    """A compute port on which nothing ever changes. It answers nothing else."""

    def statuses(self, _region_id: str, instance_ids: Sequence[str]) -> dict[str, str]:
        """Say that every instance is pending."""
        return dict.fromkeys(instance_ids, "Pending")


class Still:
    """A clock that stands still."""

    def now(self) -> float:
        """Return the one time."""
        return NOW

    def sleep(self, _seconds: float) -> None:
        """Do not wait."""


@pytest.mark.parametrize(("pending", "pages"), [(1000, 1), pytest.param(5_200, 2, marks=pytest.mark.slow)])
def test_a_round_reads_pages(tables: Tablestore, pending: int, pages: int) -> None:
    """A round in which nothing changed reads pages of 5,000 entries; lease, pause and policy take five calls more."""
    _fill(tables.url, pending)
    assert tables.cloud is not None
    tables.cloud.calls.clear()
    store = TablestoreStore(tables.url, defaults.TABLESTORE_INSTANCE, LOCAL)
    log = structlog.wrap_logger(structlog.ReturnLogger())
    ports = Ports(
        StillPending(), store, None, None, Still(), SystemEntropy(), log, PolicyCache(store), KeptControl(store)
    )  # type: ignore[arg-type] # as much of each as a round needs
    timings = Timings("test", call_seconds=15)
    summary = poll(ports, timings, ends_at=NOW + 16, workers=4)
    assert (summary.rounds, summary.looked) == (1, pending)
    assert tables.cloud.calls == {"ots.GetRow": 3, "ots.GetRange": pages, "ots.PutRow": 2}


def test_asking_what_is_due_next_reads_pages(tables: Tablestore) -> None:
    """When the first of what is open is due costs what a round's reading does: a request for a page of entries."""
    _fill(tables.url, BATCH)
    assert tables.cloud is not None
    tables.cloud.calls.clear()
    store = TablestoreStore(tables.url, defaults.TABLESTORE_INSTANCE, LOCAL)
    assert store.next_due() == claimed().due_at
    assert tables.cloud.calls == {"ots.GetRange": 1}


def _fill(url: str, pending: int) -> None:
    """Write open entries in batches: a round that needs their records would not find them."""
    client = connect(url, defaults.TABLESTORE_INSTANCE, LOCAL, try_seconds=5)
    for start in range(0, pending, BATCH):
        records = [
            claimed(f"order-{number}", state=State.PENDING, instance_id=f"i-{number}")
            for number in range(start, start + BATCH)
        ]
        items = [tablestore.PutRowItem(rows.entry_row(record), rows.not_newer(1)) for record in records]
        request = tablestore.BatchWriteRowRequest()
        request.add(tablestore.TableInBatchWriteRowItem(schema.OPEN.name, items))
        assert client.batch_write_row(request).is_all_succeed()
