"""A batch's threads on one CPU."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from shared import one_cpu as module
from shared.one_cpu import one_cpu
from shared.usecases.threads import map_threads

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CPUs can be chosen on Linux only")


def cpus(_: object = None) -> frozenset[int]:
    """Return where this thread may run."""
    return frozenset(os.sched_getaffinity(0))


def test_all_threads_share_one_cpu_for_as_long_as_it_takes() -> None:
    """Threads that are started meanwhile run on one CPU; afterwards the caller may use all that it could before."""
    before = cpus()
    with one_cpu():
        (shared,) = set(map_threads(cpus, range(50), 5))
    assert len(shared) == 1
    assert shared <= before
    assert cpus() == before


def test_an_exception_gives_the_cpus_back() -> None:
    """Also when the work fails."""
    before = cpus()
    with pytest.raises(KeyError), one_cpu():
        raise KeyError
    assert cpus() == before


def test_a_system_that_lets_nobody_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CPUs cannot be chosen, by right or by name, or told apart, the work is done all the same."""
    before = cpus()

    def refuse(_pid: int, _cpus: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "sched_setaffinity", refuse)
        with one_cpu():
            assert cpus() == before
    for name, value in (("_THIS_THREAD", Path("/no/such/file")), ("_PROCESSOR", 1000)):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            with one_cpu():
                assert cpus() == before
    with monkeypatch.context() as patch:
        patch.delattr(os, "sched_getaffinity")
        with one_cpu():
            pass
    assert cpus() == before
