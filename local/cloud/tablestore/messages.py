"""The protobuf messages, as the SDK ships them. It ships no types with them: a message is `Any` here."""

from __future__ import annotations

from typing import Any

from shared.adapters.tablestore.client import tablestore

Message = Any

pb: Any = tablestore.protobuf.table_store_pb2
filter_pb: Any = tablestore.protobuf.table_store_filter_pb2
