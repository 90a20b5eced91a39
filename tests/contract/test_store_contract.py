from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from store_backends import NAMES
from store_checks import CHECKS
from store_races import RACERS, ROUNDS, by_processes, by_threads, claim_all, raise_version, take_lease
from store_records import claimed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from store_backends import Backend

    from shared.ports import Store

    Job = Callable[[int, Store], Any]
    Race = Callable[[Backend, Job], list[Any]]

RACES = (
    pytest.param(by_threads, id="threads"),
    pytest.param(by_processes, id="processes", marks=pytest.mark.slow),
)


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(backend: Backend, check: Callable[[Backend], None]) -> None:
    """Every adapter keeps every rule of the port."""
    check(backend)


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("race", RACES)
def test_a_race_of_claims_has_one_winner_each(backend: Backend, race: Race) -> None:
    """However many claim an id together, exactly one is told that it created the record, and the record is its."""
    _skip_unless_it_can(backend, race)
    won = race(backend, claim_all)
    assert sorted(name for names in won for name in names) == sorted(f"order-{n}" for n in range(ROUNDS))
    store = backend.open()
    for racer, names in enumerate(won):
        assert all(record and record.caller == f"caller-{racer}" for record in map(store.get, names))
    assert len(list(store.open_work(claimed().due_at))) == ROUNDS


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("race", RACES)
def test_no_update_is_lost_in_a_race(backend: Backend, race: Race) -> None:
    """As many versions are counted as updates were accepted."""
    _skip_unless_it_can(backend, race)
    backend.open().claim(claimed("order-0"))
    race(backend, raise_version)
    record = backend.open().get("order-0")
    assert record is not None
    assert record.tries == record.version - 1 == RACERS * ROUNDS
    assert list(backend.open().open_work(record.due_at)) == [record.entry]


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("race", RACES)
def test_a_race_for_the_lease_has_one_winner(backend: Backend, race: Race) -> None:
    """In no period do two hold the lease."""
    _skip_unless_it_can(backend, race)
    periods = [period for racer in race(backend, take_lease) for period in racer]
    assert len(periods) == len(set(periods))
    assert periods


def _skip_unless_it_can(backend: Backend, race: Race) -> None:
    if race is by_processes and not backend.across_processes:
        pytest.skip("a database in memory belongs to one process")
