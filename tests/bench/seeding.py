"""Work that is under way already: records in the store, and the instances they wait for in the cloud."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from local import defaults
from local.cloud.ecs.models import NEVER, Instance
from shared.adapters.sqlite import SqliteStore
from shared.domain.lifecycle.claim import tag_value
from shared.domain.lifecycle.record import Generation, Record, State
from tests.bench.cloud import ecs

if TYPE_CHECKING:
    from pathlib import Path

    from local.cloud.cloud import Cloud

REGIONS = (defaults.REGION, "cn-beijing", "cn-shanghai", "cn-shenzhen")
HOUR = 3600.0


def instance_id(number: int) -> str:
    """Return the id of the n-th instance."""
    return f"i-bp{number:020d}"


def region_of(number: int, regions: int) -> str:
    """Spread over regions unevenly: of every eleven, the first region has seven, the others share four."""
    return REGIONS[0] if regions == 1 or number % 11 < 7 else REGIONS[1 + number % (regions - 1)]


def seed_cloud(cloud: Cloud, count: int, regions: int = 1) -> None:
    """Make instances that stay Pending."""
    now = cloud.clock.now()
    for number in range(count):
        region = region_of(number, regions)
        ecs(cloud).account.instances[instance_id(number)] = Instance(
            instance_id=instance_id(number),
            number=number + 1,
            region_id=region,
            zone_id=f"{region}-h",
            instance_type="ecs.g6.large",
            parameters={},
            tags={defaults.REQUEST_TAG: tag_value("bench", "0a1b2c3d", f"pending-{number}")},
            private_ip="172.16.0.1",
            created_at=now,
            stopped_at=NEVER,
            visible_at=now,
            deletable_at=now,
        )


def pending(number: int, region: str, now: float) -> Record:
    """Return the record of a request that waits for the n-th instance."""
    return Record(
        request_id=f"pending-{number}",
        version=1,
        state=State.PENDING,
        message_id=f"M{number}",
        accepted_at=now,
        due_at=now,
        region_id=region,
        tag=tag_value("bench", "0a1b2c3d", f"pending-{number}"),
        deadline=now + HOUR,
        generations=(Generation(1, 0, "token"),),
        instance_id=instance_id(number),
        created_at=now,
    )


def seed_store(path: Path, count: int, regions: int = 1) -> None:
    """Make records that wait for the instances of `seed_cloud`."""
    now = time.time() - 1
    with closing(SqliteStore(str(path))) as store:
        for number in range(count):
            store.claim(pending(number, region_of(number, regions), now))


def seed_history(path: Path, count: int) -> None:
    """Make finished records, small ones, all at once."""
    with closing(SqliteStore(str(path))):
        pass  # makes the tables
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ?)"
            " INSERT INTO requests (request_id, version, body, state, region_id, due_at, deadline, opened_at,"
            " published_at) SELECT 'finished-' || n, 5, '{}', 'completed', 'cn-hangzhou', ?, ?, ?, ? FROM counter",
            (count, *[time.time()] * 4),
        )
        connection.commit()
