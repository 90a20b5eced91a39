"""How the Tablestore SDK is imported and set up."""

from __future__ import annotations

import subprocess
import sys

import pytest
from urllib3 import Timeout

from shared.adapters.tablestore import schema
from shared.adapters.tablestore.client import connect
from shared.settings import Credentials

KEYS = Credentials("id", "secret", "token")
LOADED = """
import sys, warnings
warnings.simplefilter("error")
import {module}
print(*(name for name in ("numpy", "tablestore") if name in sys.modules))
print(*(name for name in sys.modules if name.endswith((".ots_sdk.ots_sdk", ".native_plainbuffer"))))
"""
WITHOUT_NUMPY = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.startswith("numpy") else find(name, *rest)
from shared.adapters.tablestore.store import TablestoreStore
print("numpy" in sys.modules)
"""


def _run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_neither_numpy_nor_the_native_codec_is_loaded() -> None:
    """The store imports the SDK alone, without a warning or a word on stderr."""
    assert _run(LOADED.format(module="shared.adapters.tablestore.store")) == "tablestore\n\n"


def test_numpy_need_not_be_there() -> None:
    """The deployed package leaves numpy out; the store imports all the same."""
    assert _run(WITHOUT_NUMPY) == "False\n"


@pytest.mark.parametrize(
    "module",
    ["shared.bootstrap", "shared.adapters.sqlite", "shared.adapters.tablestore.schema", "local.cloud.server"],
)
def test_the_sdk_is_not_loaded_where_it_is_not_needed(module: str) -> None:
    """Neither the other store, nor the names of the tables, nor a local cloud before its first call need the SDK."""
    assert _run(LOADED.format(module=module)) == "\n\n"


def test_retries_and_time_outs_are_ours() -> None:
    """One try is one request: the SDK's 20 tries and urllib3's three are off, and it ends in time."""
    client = connect("https://host", "instance", KEYS, try_seconds=5.0)
    assert not client.retry_policy.should_retry(0, None, "GetRow")
    options = client.connection.pool.connection_pool_kw
    assert options["retries"] is False
    timeout = options["timeout"]
    assert isinstance(timeout, Timeout)
    assert timeout.connect_timeout + timeout.read_timeout == 5.0
    assert client.enable_native is False


def test_shards_are_stable() -> None:
    """A request's shard never changes: it is a part of its entry's key."""
    assert [schema.shard(name) for name in ("order-1", "order-2", "~m-1")] == [15, 5, 5]
    assert {schema.shard(f"order-{number}") for number in range(1000)} == set(range(schema.SHARDS))
