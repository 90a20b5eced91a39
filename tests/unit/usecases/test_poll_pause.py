"""How long the timer's run waits between two rounds."""

from __future__ import annotations

import pytest

from shared.usecases.poll import STATUS_CALLS_PER_SECOND, pause_seconds
from shared.usecases.scan import ScanReport


@pytest.mark.parametrize(
    ("looked", "status_calls", "took", "expected"),
    [
        (0, 0, 0.0, 1.0),  # nothing is open: only the store is asked
        (1, 1, 0.0, 0.5),  # few: soon
        (250, 5, 0.1, 0.4),
        (250, 5, 3.0, 0.2),  # a round that was slow is not followed by the next at once
        (500, 10, 0.0, 1.0),
        (5_000, 100, 2.0, 8.0),  # many: the questions keep to their share of the account's calls
        (10_000, 200, 0.0, 20.0),
        (1_000_000, 20_000, 0.0, 20.0),  # such a round takes longer by itself
    ],
)
def test_pause(looked: int, status_calls: int, took: float, expected: float) -> None:
    """The interval is short while few are pending, and grows so that describes stay within their rate."""
    pause = pause_seconds(ScanReport(looked=looked, status_calls=status_calls), took)
    assert pause == pytest.approx(expected)


def test_questions_keep_to_their_rate() -> None:
    """Up to 10,000 pending instances a second never sees more status calls than their share, a first one aside."""
    for calls in range(5, 201):
        report = ScanReport(looked=calls * 50, status_calls=calls)
        assert calls / pause_seconds(report, 0.0) <= STATUS_CALLS_PER_SECOND + 1e-9
