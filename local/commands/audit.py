"""`provisioner audit`: instances against records."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from local import audit as auditing
from local.terminal import options
from local.terminal.endpoint_url import RegionId
from local.terminal.output import WrongUse, json_line, progress, table, wants_json
from local.terminal.records import open_records, worker_settings
from shared.domain.timings import REQUEST_TAG
from shared.ports import ApiFailure, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from local.terminal.place import Where
    from shared.domain.lifecycle.record import Instance
    from shared.settings import Credentials, Settings

_AHEAD = 10 * 366 * 86400.0
"""Open work is asked for as of then: everything is due."""


@click.command(
    epilog=options.examples(
        f"provisioner audit --endpoint {options.LOCAL_ENDPOINT}",
        "provisioner audit --stack provisioner --look-in cn-hangzhou --look-in ap-southeast-1",
    )
)
@click.option(
    "--look-in", "regions", multiple=True, type=RegionId(), metavar="REGION",
    help="Look there (may be repeated); by default in the deployment's own region.",
)  # fmt: skip
@options.where
@options.any_store
@options.any_data
@options.as_json
def audit(*, regions: tuple[str, ...], where: Where, store: str | None, data: Path | None, as_json: bool) -> None:
    """Compare the instances that carry the worker's tag with its records; change nothing.

    Reported are instances that nothing is recorded of (no-record), that their request's outcome does not name
    (not-named) or calls gone (said-gone), that outlived their release time (not-released), more than one instance of a
    request (two-instances) or request of an instance (two-requests), requests that another version of the worker
    recorded in a way this one cannot read (unreadable), and requests that are long past their deadline without a
    published outcome (no-outcome). Records are kept 30 days after the outcome: an older instance without one is no
    finding. Regions of open requests are looked at, too; one that does not answer is reported (not-looked-at), and the
    others are audited.

    Exit code 1 when anything was found.
    """
    place = where.place(os.environ, store, data)
    settings, keys = worker_settings(place)
    with open_records(place) as records:
        if records is None:
            raise WrongUse(f"there are no records in {place.data}; name the worker's --data or --store")
        try:
            before = list(records.open_work(time.time() + _AHEAD))
            looked_in = sorted(
                {*(regions or [place.access.region]), *(entry.region_id for entry in before if entry.region_id)}
            )
            now = time.time()
            instances, away = _tagged(settings, keys, looked_in)
            opened = records.open_work(now + _AHEAD)
            result = auditing.audit(
                instances, opened, records.get, now=now, timings=settings.timings, store=records.identity()
            )
        except StoreUnavailable as error:
            raise WrongUse(
                f"the {place.store} store cannot be read: {error}; name another with --store or --data"
            ) from None
    unseen = [auditing.Finding("not-looked-at", "", None, f"{region} does not answer: {why}") for region, why in away]
    rows = [asdict(found) for found in (*result.findings, *unseen)]
    if wants_json(as_json):
        for row in rows:
            json_line({"finding": row["finding"], "requestId": row["request_id"], "instanceId": row["instance_id"],
                       "says": row["says"]})  # fmt: skip
    elif rows:
        table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    others = f", {result.foreign} of other deployments" if result.foreign else ""
    progress(
        f"{', '.join(looked_in)}: {result.instances} instances{others}, "
        f"{result.open} open requests, {len(rows)} findings"
    )
    sys.exit(1 if rows else 0)


def _tagged(settings: Settings, keys: Credentials, regions: list[str]) -> tuple[list[Instance], list[tuple[str, str]]]:
    """Return every instance with the worker's tag, and the regions that did not answer, each with why.

    Raises WrongUse when no region can be listed, or one refuses.
    """
    from shared.adapters.ecs.client import Ecs  # noqa: PLC0415 - the SDK loads when it is used

    ecs = Ecs(
        keys,
        call_seconds=settings.call_seconds,
        endpoint=settings.ecs_endpoint,
        parameters=settings.ecs_parameters,
    )
    instances: list[Instance] = []
    away: list[tuple[str, str]] = []
    for region in regions:
        try:
            instances += ecs.tagged(region, REQUEST_TAG)
        except ApiFailure as failure:  # noqa: PERF203 - a handful of regions
            why = f"{failure}; {failure.error.message}"
            away.append((region, why))
            if failure.error.http_status is not None or len(away) == len(regions):
                raise WrongUse(f"the instances cannot be listed: {why}") from None
    return instances, away
