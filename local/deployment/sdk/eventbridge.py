"""Event streams, through the EventBridge client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.deployment.sdk.client import Service

if TYPE_CHECKING:
    from local.deployment.ports import Data
    from local.runtime.access import Access

PAGE, PAGES = 100, 20


class EventStreams:
    """See `ports.Streams`."""

    def __init__(self, access: Access) -> None:
        self._service = Service("alibabacloud_eventbridge20200401", "eventbridge", access)

    def of_queue(self, queue: str) -> list[Data]:
        """See the port. Function Compute names its streams itself, so all are listed, up to two thousand."""
        found: list[Data] = []
        token = None
        for _ in range(PAGES):
            asked = self._service.models.ListEventStreamingsRequest(limit=PAGE, next_token=token)
            data = self._service.call("ListEventStreamings", asked).get("Data") or {}
            found += data.get("EventStreamings") or []
            token = data.get("NextToken")
            if not token:
                break
        return [one for one in found if _source(one).get("QueueName") == queue]


def _source(stream: Data) -> Data:
    return dict((stream.get("Source") or {}).get("SourceMNSParameters") or {})
