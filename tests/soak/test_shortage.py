"""A machine that runs out of something: the functions' processes, alive and new, get no more of it for a while.

The limit is set from outside (prlimit), so it needs no root and strikes the worker as it is shipped, in the middle of
its work. A full disk is RLIMIT_FSIZE 0: every write to a file is refused, and SQLite says `disk I/O error`. What a
file system that is really full makes SQLite say (`database or disk is full`) is in tests/unit/adapters/test_sqlite.py.
"""

from __future__ import annotations

import json
import resource
import time
from typing import TYPE_CHECKING

import pytest

from tests.soak.processes import POOLED_FILES, PROC, Holdings, functions, short_of
from tests.soak.site import site, wait_until
from tests.soak.size import SIZE
from tests.soak.verdict import answers, broken, codes, log_lines, secrets_in
from tests.support.place import PARAMETERS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soak.site import Site

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not (PROC / "self" / "task").exists(), reason="finds the functions' processes in /proc"),
]
NO_DISK, NO_FILES = (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 3)
PASSWORD = "Z9+scarce<q>"
FEW = 2
"""What is handled before: it leaves few open connections, and the next batch needs more."""


@pytest.mark.parametrize(
    ("store", "limit"),
    [("sqlite", NO_DISK), ("sqlite", NO_FILES), ("tablestore", NO_FILES)],
    ids=["disk-sqlite", "files-sqlite", "files-tablestore"],
)
def test_what_is_missing_costs_time_only(store: str, limit: tuple[int, int], tmp_path: Path) -> None:
    """Requests from before, during and after the shortage all get one instance and one outcome; the log has a word."""
    names = [f"scarce-{number:03d}" for number in range(SIZE.scarce)]
    before, during, after = names[:FEW], names[FEW:-FEW], names[-FEW:]
    with site(tmp_path, store) as place, place.worker():
        place.send(map(message, before))
        wait_until(lambda: "" if answers(place.state())[0] else "nothing has ended")
        with short_of(*limit) as struck:
            place.send(map(message, during))
            time.sleep(SIZE.scarce_seconds)
            wait_until(lambda: "" if words(place) else "the log has no word of it")
            assert struck
        place.send(map(message, after))
        place.wait_until_quiet(set(names))
        files = [Holdings.of(pid).files for pids in functions().values() for pid in pids]
        state, audit = place.state() | {"access": place.local("access")}, place.audit()
    assert broken(state, set(names)) == []
    assert set(codes(state).values()) == {None}
    assert len(state["ecs"]["instances"]) == len(names)
    assert (audit.returncode, audit.stdout) == (0, ""), audit.stdout + audit.stderr
    assert max(files) <= POOLED_FILES
    assert secrets_in(tmp_path, state, [PASSWORD]) == []


def message(name: str) -> str:
    """Return one message that has time."""
    return json.dumps({
        "requestId": name, "parameters": {**PARAMETERS, "Password": PASSWORD}, "timeoutSeconds": 7200, "start": False,
    })  # fmt: skip


def words(place: Site) -> list[str]:
    """Return what the log says of the shortage: that the store is away, that a call failed, or that nothing starts."""
    told = ("store_unavailable", "call_failed", "send_failed", "publish_failed", "provision_failed", "poll_failed")
    return [line["event"] for line in log_lines(place.log) if line["event"] in told]
