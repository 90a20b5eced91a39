"""`provisioner demo`: the whole job on this machine."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.demo.demonstration import Demonstration
from local.policy import put_in_force, read_file
from local.runtime.access import Access
from local.runtime.worker import WorkerConfig, working
from local.samples import Samples
from local.terminal import options
from local.terminal.output import progress, raw_line, wants_json
from local.terminal.place import Place
from local.terminal.records import open_records
from local.terminal.running import new_cloud, serving

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud
    from local.runtime.worker import Worker

SPEED = 2.0
"""A demo is watched: instances change state twice as fast as the local cloud's default."""
LIMIT_SECONDS = 60.0
LOG = "functions.log"


@click.command(epilog=options.examples("provisioner demo", "provisioner demo --store tablestore --json"))
@options.store
@options.as_json
def demo(*, store: str, as_json: bool) -> None:
    """Run the main job once: local cloud, both functions, the sample messages in, one outcome for each.

    Nothing is left behind. The functions run as template.yml says, but with times for one machine
    (PROVISIONER_SKEW_SECONDS=1, _SETTLE_SECONDS=3, _CALL_SECONDS=5, _GRACE_SECONDS=5), and the timer function runs
    again as soon as it has ended instead of every minute. Exit code 0 exactly when every message got the outcome it
    should have (events/manifest.json).
    """
    samples = Samples.load()
    cloud = new_cloud(SPEED, samples.cloud)
    with tempfile.TemporaryDirectory(prefix="provisioner-demo-") as folder:
        log = Path(folder) / LOG
        with serving(cloud) as url, log.open("w", encoding="utf-8") as lines:
            progress(f"local cloud on {url}; records in {store}; starting both functions")
            _put_policy(samples, Access.local(url), store, Path(folder))
            config = WorkerConfig(access=Access.local(url), store=store, data=Path(folder), log=lines, environ={})
            with working(config) as worker:
                good = _show(cloud, worker, samples, config.access, for_program=wants_json(as_json))
        if not good:
            progress("the functions' last lines:")
            progress("\n".join(log.read_text(encoding="utf-8").splitlines()[-20:]))
    if not good:
        sys.exit(1)


def _put_policy(samples: Samples, access: Access, store: str, data: Path) -> None:
    """Put the sample policy in force, which some of the samples are judged by."""
    with open_records(Place(access=access, store=store, data=data, environ={}), create=True) as records:
        if records is not None:
            put_in_force(records, read_file(samples.policy), time.time())


def _show(cloud: Cloud, worker: Worker, samples: Samples, access: Access, *, for_program: bool) -> bool:
    worker.warm_up()
    began = time.monotonic()
    demonstration = Demonstration(access, samples.messages)
    progress(f"{len(demonstration.rows)} kinds of messages sent; their outcomes:")
    if for_program:
        told: set[str] = set()
        for body in demonstration.outcomes(LIMIT_SECONDS):
            if body is not None and body not in told:  # a repeat is the same bytes, and no second outcome
                told.add(body)
                raw_line(body)
    else:
        from local.demo.table import follow  # noqa: PLC0415 - only people need it

        follow(demonstration, cloud, LIMIT_SECONDS)
    demonstration.count_instances(cloud.state()["ecs"]["instances"])
    for row in demonstration.rows:
        for problem in row.problems if row.bodies else ["no outcome came"]:
            progress(f"{row.sample.name}: {problem}")
    for body in demonstration.strangers:
        progress(f"an outcome for no message: {body}")
    good = sum(row.good for row in demonstration.rows)
    seconds = time.monotonic() - began
    progress(f"{good} of {len(demonstration.rows)} kinds of messages ended as they should, in {seconds:.1f} s")
    return demonstration.good
