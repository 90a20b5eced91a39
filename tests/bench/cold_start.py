"""A cold start, over importing the same SDKs and making their clients: fresh processes, taken in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from local import defaults
from local.project import ROOT
from tests.bench.cloud import cloud_process
from tests.bench.figure import Figure
from tests.bench.worker import database, environment

if TYPE_CHECKING:
    from pathlib import Path

TURNS = 9
TARGETS = {"SQLite": 1.15, "Tablestore": 1.3}

_TIMED = """
import time
began = time.perf_counter()
{}
print(time.perf_counter() - began, file=__import__("sys").stderr)
"""
_SDKS = f"""
import os
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from mns.account import Account
key, secret, url = "{defaults.ACCESS_KEY_ID}", "{defaults.ACCESS_KEY_SECRET}", os.environ["PROVISIONER_ECS_ENDPOINT"]
Client(Config(access_key_id=key, access_key_secret=secret, region_id="cn-hangzhou", endpoint=url[7:], protocol="http"))
Account(url, key, secret)
if os.environ["PROVISIONER_STORE"] == "tablestore":
    from tablestore import OTSClient
    OTSClient(url, key, secret, os.environ["PROVISIONER_TABLESTORE_INSTANCE"])
"""
_WORKER = """
from functions import provision
from tests.bench.worker import batch, context
provision.initializer(context())
provision.handler(batch({name!r}, 1), context())
"""


def measure() -> list[Figure]:
    """Return a ratio for each store."""
    with cloud_process() as url, database() as path:
        return [_figure(store, url, path if store == "SQLite" else None) for store in TARGETS]


def _figure(store: str, url: str, path: Path | None) -> Figure:
    environ = {**os.environ, **environment(url, path)}
    pairs = [
        (_seconds(_SDKS, environ), _seconds(_WORKER.format(name=f"cold-{turn}"), environ)) for turn in range(TURNS + 1)
    ][1:]  # the first turn writes bytecode
    ratio = statistics.median(worker for _, worker in pairs) / statistics.median(sdks for sdks, _ in pairs)
    name = "cold start: import, initializer, first message, over importing the SDKs and making their clients"
    return Figure(f"{name} ({store}, cold, wall time, median of {TURNS})", round(ratio, 2), TARGETS[store])


def _seconds(work: str, environ: dict[str, str]) -> float:
    command = [sys.executable, "-W", "ignore", "-c", _TIMED.format(work)]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environ)
    return float(done.stderr.split()[-1])
