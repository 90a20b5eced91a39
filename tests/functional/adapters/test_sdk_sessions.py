"""One session for all endpoints."""

from __future__ import annotations

import ssl
import threading
import time
from typing import TYPE_CHECKING

from darabonba.core import DaraCore

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.server import running
from shared.adapters.ecs.client import Ecs
from shared.adapters.ecs.transport import take_over_sessions
from shared.settings import Credentials
from shared.usecases.threads import map_threads

if TYPE_CHECKING:
    import pytest

THREADS = 20


def test_first_calls_that_come_together_make_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty threads that call an endpoint for the first time read the certificate store once."""
    made: list[None] = []
    together = threading.Barrier(THREADS, timeout=5)
    create = ssl.create_default_context

    def slowly() -> ssl.SSLContext:
        made.append(None)
        time.sleep(0.05)  # long enough for all to see that there is none yet
        return create()

    monkeypatch.setattr(ssl, "create_default_context", slowly)
    with running(Cloud(provisioned=True)) as url:
        ecs = Ecs(
            Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET),
            call_seconds=10,
            endpoint=url,
            connections=13,
        )
        assert not take_over_sessions(DaraCore)  # once is enough

        def call(_: int) -> dict[str, str]:
            together.wait()
            return ecs.statuses(defaults.REGION, ["i-none"])

        assert map_threads(call, range(THREADS), THREADS) == [{}] * THREADS
    assert len(made) == 1
