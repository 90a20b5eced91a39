"""Plays a script of calls through the Python clients, and reports in the form in which `play.js` does.

Fields stand under their names on the wire, a refusal as its code with a `!`. What these clients do otherwise: the MNS
client puts bodies into base64 unless told not to, and makes numbers of what is text in XML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alibabacloud_ecs20140526 import models
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from mns.mns_exception import MNSServerException
from mns.queue import Message, QueueMeta

from shared.adapters.tablestore.client import tablestore as sdk
from tests.support.ecs_calls import REGION, create, delete, start, statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.support.fresh_clouds import FreshClouds

TABLE = "things"
FIELDS = {
    "MessageId": "message_id", "MessageBody": "message_body", "MessageBodyMD5": "message_body_md5",
    "ReceiptHandle": "receipt_handle", "EnqueueTime": "enqueue_time", "FirstDequeueTime": "first_dequeue_time",
    "NextVisibleTime": "next_visible_time", "DequeueCount": "dequeue_count", "Priority": "priority",
}  # fmt: skip
SENT, CHANGED = ("MessageId", "MessageBodyMD5"), ("ReceiptHandle", "NextVisibleTime")
PEEKED = tuple(name for name in FIELDS if name not in CHANGED)
"""What the answers have; in other fields the MNS client leaves defaults of its own."""


class ScriptPlayer:
    """The steps of a script, each with the arguments that stand in it."""

    def __init__(self, clouds: FreshClouds) -> None:
        self._clouds = clouds
        self._steps: dict[str, Callable[..., Any]] = {
            "advance": self._advance,
            "createQueue": lambda name, fields: self._queue(name).create(_meta(fields)),
            "deleteQueue": lambda name: self._queue(name).delete(),
            "listQueues": lambda prefix, limit: [
                url.rpartition("/")[2] for url in clouds.mns.list_queue(prefix, limit)[0]
            ],
            "send": lambda name, body, delay, priority: _told(
                self._queue(name).send_message(Message(body, -1 if delay is None else delay, priority)), SENT
            ),
            "receive": lambda name: _told(self._queue(name).receive_message()),
            "batchReceive": lambda name, limit: [*map(_told, self._queue(name).batch_receive_message(limit))],
            "batchPeek": lambda name, limit: [
                _told(one, PEEKED) for one in self._queue(name).batch_peek_message(limit)
            ],
            "delete": lambda name, handle: self._queue(name).delete_message(handle),
            "changeVisibility": lambda name, handle, seconds: _told(
                self._queue(name).change_message_visibility(handle, seconds), CHANGED
            ),
            "createInstance": lambda changes: create(clouds.ecs, **{"SystemDisk": None} | changes),
            "startInstance": lambda instance_id: start(clouds.ecs, instance_id),
            "deleteInstance": lambda instance_id, force: delete(clouds.ecs, instance_id, force=force),
            "statuses": lambda ids: [list(one) for one in statuses(clouds.ecs, ids).items()],
            "instances": self._instances,
            "createTable": self._create_table,
            "put": lambda name, fields, when: clouds.ots.put_row(TABLE, _row(name, list(fields.items())), _when(*when)),
            "update": lambda name, put, deleted, when: clouds.ots.update_row(
                TABLE, _row(name, _changes(put, deleted)), _when(*when)
            ),
            "deleteRow": lambda name, when: clouds.ots.delete_row(TABLE, _key(name), _when(*when)),
            "get": self._get,
            "range": self._range,
        }

    def play(self, script: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return what each step gave; one that gives nothing gives `done`."""
        kept: dict[str, Any] = {}
        results = []
        for step in script:
            try:
                result = self._steps[step["do"]](*_filled(step["with"], kept))
            except MNSServerException as error:
                result = f"!{error.type}"
            except (AlibabaCloudException, sdk.OTSServiceError) as error:
                result = f"!{error.code}"
            if step["do"] in DOERS and not str(result).startswith("!"):
                result = "done"
            kept[step.get("as", "")] = result
            results.append(result)
        return results

    def _advance(self, seconds: float) -> None:
        self._clouds.cloud.clock.advance(seconds)

    def _queue(self, name: str) -> Any:
        queue = self._clouds.mns.get_queue(name)
        queue.set_encoding(False)
        return queue

    def _instances(self, size: int, token: str | None) -> dict[str, Any]:
        request = models.DescribeInstancesRequest(region_id=REGION, max_results=size, next_token=token)
        body = self._clouds.ecs.describe_instances(request).body
        return {"ids": [one.instance_id for one in body.instances.instance], "NextToken": body.next_token}

    def _create_table(self) -> None:
        self._clouds.ots.create_table(
            sdk.TableMeta(TABLE, [("name", "STRING")]),
            sdk.TableOptions(time_to_live=-1, max_version=1),
            sdk.ReservedThroughput(sdk.CapacityUnit(0, 0)),
        )

    def _get(self, name: str) -> dict[str, Any] | None:
        row = self._clouds.ots.get_row(TABLE, _key(name), max_version=1)[1]
        return None if row is None else _cells(row)

    def _range(self, direction: str, first: str, end: str, limit: int) -> dict[str, Any]:
        _, following, rows, _ = self._clouds.ots.get_range(
            TABLE, direction, _key(first), _key(end), limit=limit, max_version=1
        )
        found = [[row.primary_key[0][1], _cells(row)] for row in rows]
        return {"rows": found, "next": following and following[0][1]}


DOERS = frozenset(
    {
        "advance", "createQueue", "deleteQueue", "delete", "startInstance", "deleteInstance", "createTable", "put",
        "update", "deleteRow",
    }
)  # fmt: skip
"""Steps of which only counts that they were done."""


def _filled(value: Any, kept: Mapping[str, Any]) -> Any:
    """Put results of earlier steps where the script names them."""
    if isinstance(value, list):
        return [_filled(one, kept) for one in value]
    if not isinstance(value, dict) or "of" not in value:
        return value
    found = kept[value["of"]]
    for part in value["path"]:
        found = found[part]
    return found


def _meta(fields: Mapping[str, int]) -> QueueMeta:
    return QueueMeta(vis_timeout=fields.get("VisibilityTimeout", -1), msg_ttl=fields.get("MessageRetentionPeriod", -1))


def _told(message: Any, names: Sequence[str] = tuple(FIELDS)) -> dict[str, str]:
    return {name: str(getattr(message, FIELDS[name])) for name in names}


def _key(name: str) -> list[tuple[str, Any]]:
    return [("name", name)]


def _row(name: str, columns: Any) -> Any:
    return sdk.Row(_key(name), columns)


def _changes(put: Mapping[str, Any], deleted: Sequence[str]) -> dict[str, Any]:
    return {way: columns for way, columns in (("put", [*put.items()]), ("delete_all", [*deleted])) if columns}


def _when(
    existence: str, column: str | None = None, comparator: str = "", value: Any = None, missing: Any = None
) -> Any:
    if column is None:
        return sdk.Condition(existence)
    rule = sdk.SingleColumnCondition(column, value, getattr(sdk.ComparatorType, comparator), pass_if_missing=missing)
    return sdk.Condition(existence, rule)


def _cells(row: Any) -> dict[str, Any]:
    return {name: value for name, value, _ in row.attribute_columns}
