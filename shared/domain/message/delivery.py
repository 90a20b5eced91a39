"""One message as the trigger delivered it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and what its delivery says of it.

    `body` is the message's text with any base64 taken off; it is left out of `repr` because it may hold secrets.
    `time` is the trigger event's own time in epoch seconds, the same at every delivery of the message.
    """

    message_id: str
    body: str = field(repr=False)
    time: float
