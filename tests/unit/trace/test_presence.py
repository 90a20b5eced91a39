from __future__ import annotations

from local.runtime.log_pipe import BEAT_SECONDS
from local.trace.presence import SILENT_SECONDS, Presence


def test_a_worker_that_falls_silent_is_gone() -> None:
    """Nobody was ever there, then somebody is, and after silence is gone, with the time of the last word."""
    presence = Presence()
    assert presence.to_json(100.0) == {"state": "never"}
    presence.hear(100.0, 5000.0)
    assert presence.to_json(100.0 + SILENT_SECONDS - 0.1) == {"state": "here"}
    assert presence.to_json(100.0 + SILENT_SECONDS) == {"state": "gone", "heardAt": 5000.0}
    presence.hear(200.0, 5100.0)
    assert presence.to_json(200.0) == {"state": "here"}


def test_it_may_miss_a_word_or_two() -> None:
    """A worker speaks so often that a busy machine does not make it gone."""
    assert SILENT_SECONDS >= 3 * BEAT_SECONDS
