"""`provisioner run`: the worker alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from local.commands.cloud import wait_until_stopped
from local.runtime.environment import VariablesMissing
from local.runtime.mns import QueueClient, QueueError
from local.runtime.template import TemplateError
from local.runtime.worker import Bench, WorkerBroken, working
from local.terminal import options
from local.terminal.output import WrongUse, json_line, progress, wants_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TIMER_HELP = (
    "Seconds between two starts of the timer function (60 on the platform); without it each run follows the last."
)


def work(
    bench: Bench,
    ready: dict[str, str],
    *,
    timer: float | None,
    as_json: bool,
    wait: Callable[[], None] = wait_until_stopped,
) -> None:
    """Run the worker until it is stopped, which is when `wait` returns; WrongUse when it cannot start."""
    try:
        with QueueClient(bench.access, bench.deployment.queue_trigger().queue) as queue:
            queue.check()
    except QueueError as error:
        raise WrongUse(f"{error}; start one with `provisioner cloud`, or correct --endpoint") from None
    try:
        with working(bench, period=timer) as worker:
            worker.warm_up()
            progress(f"worker on {bench.access.mns_endpoint}, records in {bench.store}; Ctrl-C stops it")
            if wants_json(as_json):
                json_line({"event": "ready", **ready})
            wait()
    except (TemplateError, VariablesMissing, WorkerBroken) as error:
        raise WrongUse(str(error)) from None


@click.command(
    epilog=options.examples("provisioner run", "provisioner run --endpoint http://127.0.0.1:5000 --store tablestore")
)
@click.option(
    "--endpoint", envvar="PROVISIONER_ENDPOINT", metavar="URL", default=options.LOCAL_ENDPOINT, show_default=True,
    help="The local cloud.",
)  # fmt: skip
@options.store
@options.data
@click.option("--timer", type=click.FloatRange(min=1), help=TIMER_HELP)
@options.as_json
def run(*, endpoint: str, store: str, data: Path, timer: float | None, as_json: bool) -> None:
    """Run both functions against a local cloud until stopped.

    They run as template.yml says, each in a process of its own. The times that cover skewed clocks and slow reads are
    shortened: PROVISIONER_SKEW_SECONDS=1, _SETTLE_SECONDS=3, _CALL_SECONDS=5, _GRACE_SECONDS=5, unless the
    environment sets them. The functions' logs go to standard error.
    """
    bench = Bench(access=options.access_to(endpoint), store=store, data=options.prepare_directory(data))
    work(bench, {"endpoint": endpoint, "store": store}, timer=timer, as_json=as_json)
