"""Five thousand spoilt trigger events: nothing raises, nothing is held up, every message is answered, nothing leaks."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest

from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.adapters.sqlite import SqliteStore
from shared.adapters.system import SystemClock, SystemEntropy
from shared.domain.create_instance.view import CheckOptions
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.record import Created
from shared.domain.redact import Redactor
from shared.domain.timings import Timings
from shared.logs import open_log
from shared.ports import ApiFailure, Ports
from shared.trigger import NotABatch, deliveries
from shared.usecases.provision import provision
from tests.reliability.fuzz import PASSWORD, SECRETS, draw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.domain.create_instance.schema import Scalar

EVENTS, PARTS = 5000, 5
LIMIT_SECONDS = 120.0


@dataclass
class Outside:
    """ECS, queue and topic: all of them take what they are given. ECS refuses every seventh call for good."""

    created: dict[str, int] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        name = next(str(value) for value in parameters.values() if str(value).startswith("fuzz.")).partition("/")[2]
        self.created[name] = self.created.get(name, 0) + 1
        if len(self.created) % 7 == 0:
            raise ApiFailure(ApiError("CreateInstance", 403, "Forbidden.RAM", "no"))
        return Created(f"i-{len(self.created)}")

    def publish(self, body: str, _tag: str) -> None:
        assert body.isascii()
        self.published.append(body)

    def send(self, body: str, _delay: int) -> str:
        body.encode()
        self.sent.append(body)
        return f"copy-{len(self.sent)}"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_event_breaks_anything(part: int, tmp_path: Path) -> None:
    """Whatever an event holds, its good message is taken up and each of the others has its answer."""
    outside, lines = Outside(), io.StringIO()
    store = SqliteStore(str(tmp_path / "records.db"))
    log = open_log("info", stream=lines)
    clock = SystemClock()
    ports = Ports(outside, store, outside, outside, clock, SystemEntropy(), log, PolicyCache(store), KeptControl(store))  # type: ignore[arg-type] # the queue function's part of ECS
    contract = CheckOptions(unlisted="warn" if part % 2 else "refuse")
    for number in range(part, EVENTS, PARTS):
        event = draw(Random(number), number)  # noqa: S311 - a seed, no secret
        try:
            found = deliveries(event.text)
        except NotABatch:
            assert event.good is None, f"event {number}"
            continue
        before = len(outside.published)
        done = provision(
            found, ports, Timings(deployment="fuzz"), contract, ends_at=clock.now() + LIMIT_SECONDS, workers=1
        )
        assert done.unacknowledged == (), f"event {number}"
        assert sum(done.ends.values()) == len(found), f"event {number}"
        assert event.good is None or event.good in outside.created, f"event {number}"
        answered = {json.loads(text)["data"]["messageId"] for text in outside.published[before:]}
        taken = done.ends.get("created", 0) + done.ends.get("duplicate", 0)
        assert len(answered) + taken >= len({one.message_id for one in found}), f"event {number}"
    store.close()
    assert outside.sent == []
    assert "unexpected" not in lines.getvalue()
    assert max(outside.created.values()) == 1
    assert len(outside.published) > EVENTS / PARTS
    stored = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    assert "good-" in stored
    for name, text in (("log", lines.getvalue()), ("outcomes", "\n".join(outside.published)), ("store", stored)):
        assert Redactor(SECRETS).redact(text) == text, f"{name} holds a secret"


def test_the_search_for_secrets_finds_them() -> None:
    """The search above sees a secret in every spelling a mistake could leave."""
    for text in (PASSWORD, json.dumps(PASSWORD), "Zq7%2B%2F%26%25Sekret%3C9%3E"):
        assert Redactor(SECRETS).redact(text) != text
