"""`provisioner up`: local cloud and worker together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from local.commands import options
from local.commands.cloud import new_cloud, serving
from local.commands.output import progress
from local.commands.run import TIMER_HELP, work
from local.runtime.access import Access
from local.runtime.environment import DATABASE
from local.runtime.worker import Bench

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog=options.examples(
        "provisioner up",
        "provisioner enqueue events/messages/plain.json --endpoint http://127.0.0.1:4566",
        "provisioner listen --endpoint http://127.0.0.1:4566 --count 1",
        "provisioner status sample-plain",
    )
)
@options.port
@options.store
@options.data
@options.speed
@click.option("--timer", type=click.FloatRange(min=1), help=TIMER_HELP)
@options.as_json
def up(*, port: int, store: str, data: Path, speed: float, timer: float | None, as_json: bool) -> None:
    """Run local cloud and worker until stopped."""
    directory = options.prepare_directory(data)
    if store == "sqlite" and (directory / DATABASE).exists():
        progress(f"records of earlier runs are in {directory}; the cloud itself starts empty")
    with serving(new_cloud(speed), port) as url:
        progress(f"local cloud on {url}")
        progress(f"send a message: provisioner enqueue events/messages/plain.json --endpoint {url}")
        bench = Bench(access=Access.local(url), store=store, data=directory)
        work(bench, {"endpoint": url, "store": store}, timer=timer, as_json=as_json)
