"""Writes that queue up in one process are committed together, and each still gets its own answer."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.sqlite_connections import Connections
from shared.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_INSERT = "INSERT INTO leases (name, holder, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_NAMES = "SELECT name FROM leases ORDER BY name"

Answers = dict[int, "int | BaseException"]


class Gated(Connections):
    """Lets a test hold the writers back until all of them are waiting, and see what reaches SQLite."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), busy_seconds=0.05)
        self.statements: list[str] = []
        self._idle[0].set_trace_callback(self.statements.append)

    def together(self, *values: Sequence[Any]) -> Answers:
        """Insert rows from a thread each, all of them queued up before the first is written."""
        answers: Answers = {}

        def insert(number: int, row: Sequence[Any]) -> None:
            try:
                answers[number] = self.change(_INSERT, row)
            except BaseException as error:  # noqa: BLE001 - what a writer is told is what is looked at
                answers[number] = error

        with self._writing:
            threads = [threading.Thread(target=insert, args=each) for each in enumerate(values)]
            for thread in threads:
                thread.start()
            while len(self._waiting) < len(values):
                pass
        for thread in threads:
            thread.join(5)
        return answers

    def wrap(self, make: Callable[[sqlite3.Connection], Any]) -> None:
        """Put something else in the place of the connection."""
        self._idle[0] = make(self._idle[0])

    def names(self) -> list[str]:
        """Return what is in the table."""
        return [name for (name,) in self.find(_NAMES)]


def test_one_transaction_for_all_that_wait(tmp_path: Path) -> None:
    """Five writers cost one commit, and the one whose row was there already learns that it wrote nothing."""
    store = Gated(tmp_path / "store.db")
    store.change(_INSERT, ("c", "me", 1.0))
    store.statements.clear()
    assert store.together(*((name, "me", 1.0) for name in "abcde")) == {0: 1, 1: 1, 2: 0, 3: 1, 4: 1}
    assert [store.statements.count(word) for word in ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")] == [1, 1, 0]
    assert store.names() == [*"abcde"]


@pytest.mark.parametrize("bad", [("b", None, 1.0), ("b", "\ud800", 1.0), ("b", 1 << 70, 1.0)])
def test_one_that_cannot_be_written_takes_no_other_along(tmp_path: Path, bad: Sequence[Any]) -> None:
    """A row that SQLite, or its driver, refuses fails for its own writer alone."""
    store = Gated(tmp_path / "store.db")
    answers = store.together(("a", "me", 1.0), bad, ("c", "me", 1.0))
    assert isinstance(answers.pop(1), Exception)
    assert answers == {0: 1, 2: 1}
    assert store.names() == ["a", "c"]
    assert store.change(_INSERT, ("d", "me", 1.0)) == 1  # the connection is fit for use


def test_a_locked_file_fails_all_that_wait_and_nothing_is_written_later(tmp_path: Path) -> None:
    """Nobody's write comes to pass after they were told that it did not."""
    store = Gated(tmp_path / "store.db")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers = store.together(("a", "me", 1.0), ("b", "me", 1.0))
    other.execute("ROLLBACK")
    other.close()
    assert [type(answers[number]) for number in (0, 1)] == [StoreUnavailable, StoreUnavailable]
    store.change(_INSERT, ("c", "me", 1.0))
    assert store.names() == ["c"]


def test_a_connection_that_cannot_be_opened_fails_all_that_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also then nothing is left in the queue."""
    store = Gated(tmp_path / "store.db")
    with monkeypatch.context() as patch:
        patch.setattr(store, "_take", _refuse)
        answers = store.together(("a", "me", 1.0), ("b", "me", 1.0))
    assert [str(answers[number]) for number in (0, 1)] == ["no file", "no file"]
    store.change(_INSERT, ("c", "me", 1.0))
    assert store.names() == ["c"]


def test_an_interrupt_rolls_back_and_fails_the_others(tmp_path: Path) -> None:
    """Whoever is interrupted while writing for others leaves no open transaction, and they learn of it."""
    store = Gated(tmp_path / "store.db")
    answers = store.together(("a", "me", 1.0), (Interrupts(), "me", 1.0), ("c", "me", 1.0))
    kinds = sorted(type(answer).__name__ for answer in answers.values())
    assert kinds == ["KeyboardInterrupt", "StoreUnavailable", "StoreUnavailable"]
    assert store.change(_INSERT, ("d", "me", 1.0)) == 1
    assert store.names() == ["d"]


class Interrupts:
    """A value at which somebody presses Ctrl-C."""

    def __conform__(self, _protocol: object) -> str:
        raise KeyboardInterrupt


def test_a_connection_that_cannot_roll_back_is_not_used_again(tmp_path: Path) -> None:
    """What is neither committed nor rolled back is written for nobody, and the next write begins afresh."""
    store = Gated(tmp_path / "store.db")
    store.wrap(Stuck)
    answers = store.together(("a", "me", 1.0), ("b", None, 1.0))
    assert [type(answers[number]) for number in (0, 1)] == [StoreUnavailable, StoreUnavailable]
    assert store.change(_INSERT, ("c", "me", 1.0)) == 1
    assert store.names() == ["c"]


class Stuck:
    """A connection on which nothing can be rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.close = connection.close

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        if statement == "ROLLBACK":
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(statement, values)


def _refuse() -> sqlite3.Connection:
    raise StoreUnavailable("no file")
