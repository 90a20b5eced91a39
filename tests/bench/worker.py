"""The shipped code in a fresh process: environment as the platform sets it, settings at their defaults, log unread."""

from __future__ import annotations

import json
import multiprocessing
import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

T = TypeVar("T")

TIMEOUT_SECONDS = 300
PARAMETERS = {
    "RegionId": defaults.REGION,
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
    "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
    "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
    "InstanceName": "web-1",
    "SystemDisk": {"Category": "cloud_essd", "Size": 40},
    "DataDisk": [{"Category": "cloud_essd", "Size": 100}],
}
"""Ten parameters, as in the first example of the message."""


@contextmanager
def database() -> Iterator[Path]:
    """Yield the path of a database that does not exist yet."""
    with TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder, "store.db")


def environment(url: str, path: Path | None = None) -> dict[str, str]:
    """Return the environment of a function whose cloud is at `url`: on SQLite with a path, else on Tablestore."""
    store = (
        {"STORE": "sqlite", "SQLITE_PATH": str(path)}
        if path
        else {
            "STORE": "tablestore",
            "TABLESTORE_ENDPOINT": url,
            "TABLESTORE_INSTANCE": defaults.TABLESTORE_INSTANCE,
        }
    )
    settings = {"DEPLOYMENT": "bench", "MNS_ENDPOINT": url, "ECS_ENDPOINT": url, **store}
    return {
        **{f"PROVISIONER_{name}": value for name, value in settings.items()},
        "FC_REGION": defaults.REGION,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": defaults.ACCESS_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": defaults.ACCESS_KEY_SECRET,
    }


def context() -> SimpleNamespace:
    """Return the platform's context of one invocation."""
    return SimpleNamespace(request_id="bench", function=SimpleNamespace(timeout=TIMEOUT_SECONDS))


def batch(name: str, count: int, **fields: Any) -> bytes:
    """Return the trigger event of a batch of valid messages, whose request ids begin with `name`."""
    bodies = [
        json.dumps({"requestId": f"{name}-{number}", "parameters": PARAMETERS, **fields}) for number in range(count)
    ]
    return json.dumps(
        [
            {
                "id": f"{name}-{number}",
                "type": "mns:Queue:SendMessage",
                "time": "2026-11-24T00:00:00Z",
                "data": {"messageId": f"M-{name}-{number}", "messageBody": body},
            }
            for number, body in enumerate(bodies)
        ]
    ).encode()


@contextmanager
def started(work: Callable[..., T], environ: dict[str, str], *args: object) -> Iterator[Callable[[], T]]:
    """Start `work(*args)` in a fresh process; yield a function that waits for what it returns."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_main, args=(theirs, work, environ, args), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv
    finally:
        process.join(10)
        process.kill()


def run(work: Callable[..., T], environ: dict[str, str], *args: object) -> T:
    """Return what `work(*args)` returns in a fresh process."""
    with started(work, environ, *args) as result:
        return result()


def _main(connection: Connection, work: Callable[..., object], environ: dict[str, str], args: tuple[object]) -> None:
    for name in [name for name in os.environ if name.startswith("PROVISIONER_")]:
        del os.environ[name]
    os.environ.update(environ)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # log lines are made and written, and nobody reads them
    connection.send(work(*args))
