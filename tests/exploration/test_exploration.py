"""Every schedule of the smallest world, what the search itself promises, and the safeguards that small worlds show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.exploration.__main__ import WITHOUT, told
from tests.exploration.choices import read, written
from tests.exploration.safeguards import NOT_SHOWN, SHOWN
from tests.exploration.search import explore, play
from tests.exploration.worlds import BY_NAME

SMALLEST = BY_NAME["a dry run"]


@pytest.mark.slow
def test_every_schedule_of_the_smallest_world() -> None:
    """No guarantee breaks in any schedule with two preemptions or faults, and none is left to play."""
    result = explore(SMALLEST)
    assert (result.failing, result.left) == (None, 0)
    assert len(result.by_cost) == SMALLEST.bound + 1
    assert sum(result.by_cost) == result.schedules > 1000


@pytest.mark.explore
@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "a bug"])
def test_every_schedule_with_one_deviation(name: str) -> None:
    """No guarantee breaks when one thing goes wrong, wherever it does; `make explore` lets two go wrong."""
    result = explore(replace(BY_NAME[name], bound=1))
    assert (result.failing, result.left) == (None, 0)


@pytest.mark.explore
@pytest.mark.parametrize("safeguard", SHOWN)
def test_a_small_world_shows_a_safeguard(safeguard: str) -> None:
    """Without the safeguard its world breaks, and the schedule that is found breaks it again, and says how."""
    small = BY_NAME[SHOWN[safeguard]]
    result = explore(small, WITHOUT[safeguard], seconds=600)
    assert result.failing is not None
    schedule = written(result.failing)
    story = told(small.name, schedule, safeguard)
    assert "BROKEN: " in story
    assert story.splitlines()[-1] == (
        f'replay: python -m tests.exploration "{small.name}" --schedule {schedule} --without "{safeguard}"'
    )


def test_every_safeguard_is_shown_or_named() -> None:
    """Each control has its world, or the reason why it has none."""
    assert {*SHOWN, *NOT_SHOWN} == set(WITHOUT)
    assert not SHOWN.keys() & NOT_SHOWN.keys()


def test_the_cheapest_schedule_is_found_first() -> None:
    """A world that breaks in any case says so by the empty schedule; one that needs a deviation by one."""
    small = BY_NAME["twice delivered, two workers"]
    assert explore(small, WITHOUT["the token is recorded before the call"]).failing == ()
    failing = explore(small, WITHOUT["a generation keeps its token"]).failing
    assert failing is not None
    assert len(failing) == 1


def test_a_schedule_is_a_whole_story() -> None:
    """The same schedule tells the same story twice, to the last step, and says what was chosen."""
    small = BY_NAME["twice delivered, two workers"]
    schedule = explore(small, WITHOUT["a generation keeps its token"]).failing
    assert schedule is not None
    first, again = (play(small, schedule) for _ in range(2))
    assert first.story == again.story
    assert first.chooser.taken == again.chooser.taken == [f"{written(schedule)} (ecs.create: crash after)"]
    assert first.story != play(small, ()).story


def test_a_schedule_can_be_written_and_read() -> None:
    """What the command line prints is what it takes."""
    for schedule in ((), ((12, 2),), ((3, 1), (40, 6))):
        assert read(written(schedule)) == schedule
