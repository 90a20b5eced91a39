from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from place_checks import PLACE_CHECKS
from store_backends import NAMES
from store_checks import CHECKS
from store_races import (
    PLACE_RACERS,
    PLACE_ROUNDS,
    PLACES,
    RACERS,
    ROUNDS,
    claim_all,
    last_place,
    processes,
    raise_version,
    take_last_place,
    take_lease,
    threads,
)
from store_records import NOW, claimed

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_backends import Backend
    from store_races import Race


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("check", [*CHECKS, *PLACE_CHECKS], ids=lambda check: check.__name__)
def test_contract(backend: Backend, check: Callable[[Backend], None]) -> None:
    """Every adapter keeps every rule of the port."""
    check(backend)


@pytest.mark.parametrize("backend", NAMES, indirect=True)
def test_threads_race(backend: Backend) -> None:
    """However many threads race at one handle, claims, updates and leases have one winner each."""
    with threads(backend.open()) as race:
        _race(backend, race)


@pytest.mark.slow
@pytest.mark.parametrize("backend", [name for name in NAMES if name != "memory"], indirect=True)
def test_processes_race(backend: Backend) -> None:
    """The same for processes, each with a handle of its own."""
    with processes(backend) as race:
        _race(backend, race)


@pytest.mark.slow
@pytest.mark.parametrize("backend", [name for name in NAMES if name != "memory"], indirect=True)
def test_the_last_place_has_one_winner(backend: Backend) -> None:
    """Eight processes race a thousand times for the last place: each time one of them has it, and the others know."""
    store = backend.open()
    others = {f"other-{number}" for number in range(PLACES - 1)}
    for number in range(PLACE_ROUNDS):
        for other in others:
            assert store.take_place(last_place(number), other, PLACES, NOW)
    with processes(backend, PLACE_RACERS) as race:
        won = race(take_last_place)
    assert sorted(number for numbers in won for number in numbers) == list(range(PLACE_ROUNDS))
    for racer, numbers in enumerate(won):
        assert all(store.holders(last_place(number)).keys() == others | {f"racer-{racer}"} for number in numbers)


def _race(backend: Backend, race: Race) -> None:
    store = backend.open()
    won = race(claim_all)
    assert sorted(name for names in won for name in names) == sorted(f"order-{n}" for n in range(ROUNDS))
    for racer, names in enumerate(won):
        assert all(record and record.claimant == f"caller-{racer}" for record in map(store.get, names))
    assert len(list(store.open_work(claimed().due_at))) == ROUNDS

    race(raise_version)
    record = store.get("order-0")
    assert record is not None
    assert record.tries == record.version - 1 == RACERS * ROUNDS
    assert record.entry in list(store.open_work(record.due_at))

    periods = [period for racer in race(take_lease) for period in racer]
    assert len(periods) == len(set(periods))
    assert periods
