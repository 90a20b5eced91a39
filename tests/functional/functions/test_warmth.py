"""What a warm instance keeps from one invocation to the next, and what it must not keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.bootstrap import bootstrap, close
from shared.settings import Credentials, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = Credentials("key-id", "secret", "token-1")
RENEWED = Credentials("key-id", "secret", "token-2")


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Return settings that talk to nobody."""
    environment = {
        "DEPLOYMENT": "test", "STORE": "sqlite", "SQLITE_PATH": str(tmp_path / "store.db"),
        "MNS_ENDPOINT": "http://127.0.0.1:9", "ECS_ENDPOINT": "http://127.0.0.1:9",
    }  # fmt: skip
    yield Settings.from_environment({f"PROVISIONER_{name}": value for name, value in environment.items()})
    close()


def test_clients_are_kept(settings: Settings) -> None:
    """With the same settings and keys, everything but the logger is the same object in the next invocation."""
    first, second = bootstrap(settings, KEYS, request_id="1"), bootstrap(settings, KEYS, request_id="2")
    assert first.compute is second.compute
    assert first.store is second.store
    assert first.queue is second.queue
    assert first.log is not second.log


def test_renewed_keys_make_new_clients(settings: Settings) -> None:
    """A role's keys expire while an instance stays warm: new keys are never used with an old client."""
    first, second = bootstrap(settings, KEYS), bootstrap(settings, RENEWED)
    assert first.compute is not second.compute
    assert first.outcomes is not second.outcomes
    assert second.store.next_due() is None
