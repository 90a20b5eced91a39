"""Dead letters, for people: what is inside each, and sending it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local import defaults
from local.dead_letter import inside
from local.masking import masked
from local.numbering import request_id_of
from local.trace.body import text_of

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud
    from local.cloud.mns.queue import Message


def listed(cloud: Cloud) -> list[dict[str, Any]]:
    """Return the dead letters that nobody holds, oldest first, with what may be shown of the messages inside."""
    return [_shown(letter) for letter in _letters(cloud)]


def replay(cloud: Cloud, letter_id: str) -> list[str]:
    """Send the messages of one dead letter again, of all when none is named; return the new messages' ids.

    Raises ValueError when there is no such letter. Under its own request id a message is safe to repeat.
    """
    wanted = [letter for letter in _letters(cloud) if letter_id in {"", letter.message_id}]
    if not wanted:
        raise ValueError(f"no dead letter {letter_id}".rstrip())
    sent = [cloud.mns.enqueue(defaults.QUEUE, body) for letter in wanted for body in _bodies(letter)]
    for letter in wanted:
        cloud.mns.discard(defaults.DEAD_LETTERS, letter.message_id)
    return sent


def _letters(cloud: Cloud) -> list[Message]:
    return cloud.mns.visible(defaults.DEAD_LETTERS)


def _bodies(letter: Message) -> list[str]:
    text = text_of(letter.body)
    return [delivery.body for delivery in inside(text)] or [text]


def _shown(letter: Message) -> dict[str, Any]:
    messages = [{"requestId": request_id_of(body), "message": masked(body)} for body in _bodies(letter)]
    return {"id": letter.message_id, "at": round(letter.enqueued_at, 3), "messages": messages}
