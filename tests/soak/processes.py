"""The functions' processes seen from outside: which there are, what they hold, how they die, what they are short of."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

PROC = Path("/proc")
QUEUE_FUNCTION, TIMER_FUNCTION = "provision-create", "provision-poll"
SWEEP_SECONDS = 0.1
POOLED_FILES = 100
"""The most file descriptors of a process: what twenty threads' pools keep open of three services and one store."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a process holds: resident bytes, threads, open file descriptors."""

    memory: int
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> Holdings:
        """Read them."""
        fields = dict(
            line.split(":", 1) for line in (PROC / str(pid) / "status").read_text().splitlines() if ":" in line
        )  # fmt: skip
        files = len(list((PROC / str(pid) / "fd").iterdir()))
        return cls(int(fields["VmRSS"].split()[0]) * 1024, int(fields["Threads"]), files)


def functions() -> dict[str, list[int]]:
    """Return the ids of the function processes below this one, by the function's name."""
    children: dict[int, list[Path]] = defaultdict(list)
    for path in PROC.iterdir():
        if path.name.isdigit():
            with suppress(OSError):
                children[int((path / "stat").read_text().rpartition(")")[2].split()[1])].append(path)
    found: dict[str, list[int]] = defaultdict(list)
    todo = [os.getpid()]
    while todo:
        for path in children[todo.pop()]:
            todo.append(int(path.name))
            with suppress(OSError):
                for variable in (path / "environ").read_text().split("\0"):
                    name, _, value = variable.partition("=")
                    if name == "FC_FUNCTION_NAME":
                        found[value].append(int(path.name))
    return found


def kill_one(rng: Random) -> int:
    """Kill a function's processes; return how many there were.

    The queue function dies most often: a timer run that follows a dead one waits until its lease is over.
    """
    killed = 0
    for pid in functions().get(rng.choice((QUEUE_FUNCTION,) * 4 + (TIMER_FUNCTION,)), ()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


@contextmanager
def short_of(kind: int, most: int) -> Iterator[set[int]]:
    """Let every function process have no more than that of something (`resource.RLIMIT_…`) until the block is left.

    The limit comes from outside, over processes that live and over those that start meanwhile, within 0.1 s; no code
    of theirs knows of it. Yields the set of the processes that were struck, which grows.
    """
    before: dict[int, tuple[int, int]] = {}
    struck: set[int] = set()
    over = threading.Event()

    def sweep() -> None:
        while not over.is_set():
            for pid in {pid for pids in functions().values() for pid in pids} - struck:
                with suppress(ProcessLookupError, PermissionError):
                    before[pid] = resource.prlimit(pid, kind)
                    resource.prlimit(pid, kind, (most, before[pid][1]))
                    struck.add(pid)
            over.wait(SWEEP_SECONDS)

    sweeping = threading.Thread(target=sweep, name="short-of")
    sweeping.start()
    try:
        yield struck
    finally:
        over.set()
        sweeping.join()
        for pid, limits in before.items():
            with suppress(ProcessLookupError, PermissionError):
                resource.prlimit(pid, kind, limits)
