"""Queue messages as the platform's trigger hands them over: CloudEvents in a JSON array (event streaming)."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from local.runtime.mns import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.runtime.access import Access
    from local.runtime.mns import Message

TYPE = "mns:Queue:SendMessage"
SOURCE = "MNS-Function-requests"


def instant(seconds: float) -> str:
    """Return RFC 3339 with milliseconds, as the platform writes it."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def envelope(message: Message, access: Access, queue: str, *, base64: bool) -> dict[str, Any]:
    """Wrap one message; every delivery of it has the same id and time. `base64`: decode the body, as configured."""
    return {
        "id": message.id,
        "source": SOURCE,
        "specversion": "1.0",
        "type": TYPE,
        "datacontenttype": "application/json; charset=utf-8",
        "subject": f"acs:mns:{access.region}:{access.account_id}:queues/{queue}",
        "time": instant(message.enqueued_at),
        "aliyunaccountid": access.account_id,
        "aliyunpublishtime": instant(time.time()),
        "aliyunoriginalaccountid": access.account_id,
        "aliyuneventbusname": SOURCE,
        "aliyunregionid": access.region,
        "data": {
            "requestId": message.id,
            "messageId": message.id,
            "messageBody": decode(message.body) if base64 else message.body,
        },
    }


def batch_event(envelopes: Sequence[dict[str, Any]]) -> bytes:
    """Return the bytes a handler receives for a batch."""
    return json.dumps(envelopes, ensure_ascii=False).encode()
