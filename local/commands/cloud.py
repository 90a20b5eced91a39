"""`provisioner cloud`: the local cloud alone."""

from __future__ import annotations

import click

from local import defaults
from local.samples import account_state
from local.terminal import options
from local.terminal.output import json_line, progress, wants_json
from local.terminal.running import new_cloud, serving, wait_until_stopped


@click.command(epilog=options.examples("provisioner cloud", "provisioner cloud --port 5000 --speed 10"))
@options.port
@options.speed
@options.as_json
def cloud(*, port: int, speed: float, as_json: bool) -> None:
    """Run the local cloud (ECS, MNS, Tablestore) until stopped.

    It forgets everything when it ends. Faults, stock and quotas: POST /_local/faults and /_local/config.
    """
    with serving(new_cloud(speed, account_state()), port) as url:
        progress(f"local cloud on {url}, region {defaults.REGION}, key {defaults.ACCESS_KEY_ID}; Ctrl-C stops it")
        progress(f"worker: provisioner run --endpoint {url}")
        if wants_json(as_json):
            json_line({"event": "ready", "endpoint": url, **defaults.CLOUD})
        wait_until_stopped()
