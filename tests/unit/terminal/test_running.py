"""What runs until it is stopped."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from local.terminal.running import heed_interrupts, wait_until_stopped

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Put the process's own handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
def test_a_swallowed_interrupt_still_stops() -> None:
    """A Ctrl-C whose exception somebody swallowed ends the command when it begins to wait."""
    heed_interrupts()
    with suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        wait_until_stopped()


@pytest.mark.usefixtures("_handlers")
def test_an_interrupt_is_raised() -> None:
    """A Ctrl-C before the command waits is an exception, wherever it is."""
    heed_interrupts()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
