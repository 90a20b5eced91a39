"""`provisioner up`: local cloud and worker together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from local.cloud.snapshot import load, save
from local.runtime.access import Access
from local.runtime.environment import DATABASE
from local.runtime.worker import WorkerConfig
from local.samples import account_state
from local.terminal import options
from local.terminal.output import WrongUse, console, progress, wants_json
from local.terminal.running import new_cloud, serving, wait_until_stopped, work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.cloud.cloud import Cloud

LOG = "functions.log"
SNAPSHOT = "cloud.pickle"


@click.command(
    epilog=options.examples(
        "provisioner up",
        "provisioner enqueue events/messages/plain.json --endpoint http://127.0.0.1:4566",
        "provisioner listen --endpoint http://127.0.0.1:4566 --count 1",
        "provisioner status sample-plain --endpoint http://127.0.0.1:4566",
    )
)
@options.port
@options.store
@options.data
@options.speed
@options.timer
@click.option("--keep", is_flag=True, help="Go on with the cloud and the records that the last run left in --data.")
@options.as_json
def up(*, port: int, store: str, data: Path, speed: float, timer: float | None, keep: bool, as_json: bool) -> None:
    """Run local cloud and worker until stopped.

    Cloud and records begin empty, together; what the last run left in the data directory is removed. With --keep both
    go on where the last run ended. A run that was killed saved no cloud: then both begin empty, too.

    On a terminal the requests are shown as they go their way, and the functions' log is a file in the data directory;
    piped, the log goes to standard error.
    """
    directory = options.prepare_directory(data)
    cloud = new_cloud(speed, account_state())
    with serving(cloud, port) as url, _kept(cloud, directory, keep=keep):
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


@contextmanager
def _kept(cloud: Cloud, directory: Path, *, keep: bool) -> Iterator[None]:
    """Begin with what the last run left or with nothing, cloud and records alike; leave this run's behind."""
    snapshot = directory / SNAPSHOT
    if keep and snapshot.exists():
        try:
            load(cloud, snapshot)
        except ValueError as error:
            raise WrongUse(f"{error}; leave --keep out to begin empty") from None
        progress(f"going on with the cloud and the records in {directory}")
    else:
        if keep:
            progress(f"the last run left no cloud in {directory}: cloud and records begin empty")
        for suffix in ("", "-wal", "-shm"):
            (directory / f"{DATABASE}{suffix}").unlink(missing_ok=True)
    # While it runs there is none: a run that is killed must not leave an older cloud beside newer records.
    snapshot.unlink(missing_ok=True)
    yield
    save(cloud, snapshot)


def _show(cloud: Cloud) -> None:
    """Draw the requests live until stopped."""
    from rich.live import Live  # noqa: PLC0415 - only people need it

    from local.terminal.board import REFRESH_PER_SECOND, board  # noqa: PLC0415 - the same

    with Live(get_renderable=lambda: board(cloud), console=console(), refresh_per_second=REFRESH_PER_SECOND):
        wait_until_stopped()
