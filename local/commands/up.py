"""`provisioner up`: local cloud and worker together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from local.runtime.access import Access
from local.runtime.environment import DATABASE
from local.runtime.worker import WorkerConfig
from local.terminal import options
from local.terminal.output import console, progress, wants_json
from local.terminal.running import new_cloud, serving, wait_until_stopped, work

if TYPE_CHECKING:
    from pathlib import Path

    from local.cloud.cloud import Cloud

LOG = "functions.log"


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
@options.timer
@options.as_json
def up(*, port: int, store: str, data: Path, speed: float, timer: float | None, as_json: bool) -> None:
    """Run local cloud and worker until stopped.

    On a terminal the requests are shown as they go their way, and the functions' log is a file in the data directory;
    piped, the log goes to standard error.
    """
    directory = options.prepare_directory(data)
    if store == "sqlite" and (directory / DATABASE).exists():
        progress(f"records of earlier runs are in {directory}; the cloud itself starts empty")
    cloud = new_cloud(speed)
    with serving(cloud, port) as url:
        progress(f"local cloud on {url}: open it in a browser to see every request on its way")
        progress(f"send a message: provisioner enqueue events/messages/plain.json --endpoint {url}")
        config = WorkerConfig(access=Access.local(url), store=store, data=directory)
        ready = {"endpoint": url, "store": store}
        if wants_json(as_json):
            work(config, ready, timer=timer, as_json=as_json)
            return
        log = directory / LOG
        with log.open("a", encoding="utf-8") as lines:
            progress(f"the functions' log: {log}")
            work(replace(config, log=lines), ready, timer=timer, as_json=as_json, wait=lambda: _show(cloud))


def _show(cloud: Cloud) -> None:
    """Draw the requests live until stopped."""
    from rich.live import Live  # noqa: PLC0415 - only people need it

    from local.terminal.board import REFRESH_PER_SECOND, board  # noqa: PLC0415 - the same

    with Live(get_renderable=lambda: board(cloud), console=console(), refresh_per_second=REFRESH_PER_SECOND):
        wait_until_stopped()
