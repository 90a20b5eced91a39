"""`provisioner demo`: the whole job on this machine."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.demo.demonstration import Demonstration
from local.policy import put_in_force, read_file
from local.runtime.access import Access
from local.runtime.worker import WorkerConfig, working
from local.samples import Samples
from local.terminal import options
from local.terminal.output import WrongUse, console, json_line, progress, raw_line, wants_json
from local.terminal.place import Place
from local.terminal.records import open_records
from local.terminal.running import new_cloud, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.cloud import Cloud
    from local.compare.comparison import Result
    from local.runtime.worker import Worker

SPEED = 2.0
"""A demo is watched: instances change state twice as fast as the local cloud's default."""
LIMIT_SECONDS = 60.0
LOG = "functions.log"


@click.command(
    epilog=options.examples(
        "provisioner demo", "provisioner demo --store tablestore --json", "provisioner demo --compare"
    )
)  # fmt: skip
@options.store
@click.option(
    "--compare",
    is_flag=True,
    help="The same faults against the function that one would write first, and what each side loses.",
)
@click.option("--seed", type=int, help="With --compare: which faults are drawn; 1 by default.")
@options.as_json
def demo(*, store: str, compare: bool, seed: int | None, as_json: bool) -> None:
    """Run the main job once: local cloud, both functions, the sample messages in, one outcome for each.

    Nothing is left behind. The functions run as template.yml says, but with times for one machine
    (PROVISIONER_SKEW_SECONDS=1, _SETTLE_SECONDS=3, _CALL_SECONDS=5, _GRACE_SECONDS=5), and the timer function runs
    again as soon as it has ended instead of every minute. Exit code 0 exactly when every message got the outcome it
    should have (events/manifest.json).

    With --compare sixty requests go to three sides, without faults and with lost requests, lost answers, throttling,
    killed processes and repeated messages: the function that one would write first (examples/naive), the same with the
    request's id as its client token, and this worker. Counted is what the cloud holds afterwards. Exit code 0 exactly
    when the worker lost nothing.
    """
    if compare:
        _compare(seed if seed is not None else 1, store, for_program=wants_json(as_json))
        return
    if seed is not None:
        raise WrongUse("--seed draws the faults of --compare; give both, or neither")
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


def _compare(seed: int, store: str, *, for_program: bool) -> None:
    from local.compare.comparison import Comparison, broken  # noqa: PLC0415 - only this needs it

    comparison = Comparison(seed)
    progress(f"{len(comparison.matches)} local clouds, a side on each; less than a minute")
    with tempfile.TemporaryDirectory(prefix="provisioner-compare-") as folder:
        log = Path(folder) / LOG
        # The triggers tell there of the processes that die, as they are meant to.
        with log.open("w", encoding="utf-8") as lines, redirect_stderr(lines):
            play = partial(comparison.play, Path(folder), lines, store)
            results = play(lambda _: None) if for_program else _drawn(play, seed)
    if for_program:
        for result in results:
            json_line(result.to_json())
    for problem in (problems := broken(results)):
        progress(problem)
    if problems:
        sys.exit(1)


def _drawn(play: Callable[[Callable[[list[Result]], None]], list[Result]], seed: int) -> list[Result]:
    """Play, and draw how it stands on the terminal."""
    from rich.live import Live  # noqa: PLC0415 - only people need it

    from local.compare.table import draw  # noqa: PLC0415 - the same

    with Live(console=console(), redirect_stderr=False) as live:
        results = play(lambda standing: live.update(draw(standing, seed)))
        live.update(draw(results, seed))
    return results


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
