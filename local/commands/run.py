"""`provisioner run`: the worker alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from local.runtime.access import Access
from local.runtime.worker import WorkerConfig
from local.terminal import options
from local.terminal.endpoint_url import EndpointUrl
from local.terminal.local_cloud import worker_of
from local.terminal.running import work

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog=options.examples("provisioner run", "provisioner run --endpoint http://127.0.0.1:5000 --store tablestore")
)
@click.option(
    "--endpoint", type=EndpointUrl(), envvar="PROVISIONER_ENDPOINT", metavar="URL",
    default=options.LOCAL_ENDPOINT, show_default=True,
    help="The local cloud.",
)  # fmt: skip
@options.store
@options.data
@options.timer
@options.as_json
def run(*, endpoint: str, store: str, data: Path, timer: float | None, as_json: bool) -> None:
    """Run both functions against a local cloud until stopped.

    They run as template.yml says, each in a process of its own. The times that cover skewed clocks and slow reads are
    shortened: PROVISIONER_SKEW_SECONDS=1, _SETTLE_SECONDS=3, _CALL_SECONDS=5, _GRACE_SECONDS=5, unless the
    environment sets them. The functions' logs go to standard error.
    """
    directory = options.prepare_directory(data)
    worker_of(endpoint)
    config = WorkerConfig(access=Access.local(endpoint), store=store, data=directory)
    work(config, {"endpoint": endpoint, "store": store}, timer=timer, as_json=as_json)
