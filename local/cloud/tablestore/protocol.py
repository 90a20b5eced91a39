"""The protocol of Tablestore: protobuf over HTTP, one path for each operation, signed answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local.cloud.http import HttpResponse
from local.cloud.service import Call, ServiceError
from local.cloud.tablestore import exceptions, signing
from local.cloud.tablestore.models import Table
from shared.adapters.tablestore import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from local.cloud.core import Core
    from local.cloud.http import HttpRequest

BODY_LIMIT = 5 * 1024 * 1024
REQUEST_KEY = "requestId"
"""The key column that names a provisioning request, for faults that match on one."""


class Ots:
    """The Tablestore service: one instance."""

    name = "ots"

    def __init__(self, cloud: Core) -> None:
        self._cloud = cloud
        self.tables: dict[str, Table] = {}

    def actions(self) -> Collection[str]:
        """Return the names of all operations."""
        from local.cloud.tablestore.operations import OPERATIONS  # noqa: PLC0415 - as below

        return OPERATIONS

    def serves(self, request: HttpRequest) -> bool:
        """Take whatever speaks the protocol, known operation or not."""
        return any(name.startswith("x-ots-") for name in request.headers)

    def identify(self, request: HttpRequest) -> Call:
        """Name the operation and read its message."""
        # Not with the module: whoever runs the cloud without Tablestore need not wait for its SDK.
        from local.cloud.tablestore.operations import OPERATIONS  # noqa: PLC0415 - as said above

        action = request.path.removeprefix("/")
        if request.method != "POST":
            raise ServiceError(405, "OTSMethodNotAllowed", "Only POST method for requests is supported.")
        if action not in OPERATIONS:
            raise exceptions.invalid(f"Unsupported operation: {action}.")
        if len(request.body) > BODY_LIMIT:
            raise exceptions.too_large()
        message = OPERATIONS[action][0]()
        try:
            message.ParseFromString(request.body)
        except Exception:  # noqa: BLE001 - protobuf's DecodeError has moved between versions
            raise exceptions.invalid("Failed to parse the protobuf message.") from None
        return Call(action, request, message)

    def authenticate(self, call: Call) -> None:
        """Check the headers and the signature."""
        signing.check(call.request, self._cloud.keys, signatures=self._cloud.config.checks.signatures)

    def run(self, call: Call) -> HttpResponse:
        """Do the operation."""
        from local.cloud.tablestore.operations import OPERATIONS  # noqa: PLC0415 - as above

        answer = OPERATIONS[call.action][1](self.tables, call.parameters, self._cloud.clock.now())
        return self._respond(call.request, 200, answer.SerializeToString(), {})

    def refuse(self, request: HttpRequest, error: ServiceError) -> HttpResponse:
        """Answer with a protobuf error."""
        from local.cloud.tablestore.operations import error_message  # noqa: PLC0415 - as above

        return self._respond(request, error.status, error_message(error.code, error.message), error.headers)

    def request_ids(self, call: Call) -> Iterable[str]:
        """Return the ids of the provisioning requests whose rows the call names."""
        from local.cloud.tablestore.operations import keys  # noqa: PLC0415 - as above

        rows = keys(call.action, call.parameters)
        return [str(value) for row in rows for name, value in row.key if name == REQUEST_KEY]

    def provision_defaults(self) -> None:
        """Make the deployment's two tables, empty."""
        for table in (schema.REQUESTS, schema.OPEN):
            self.tables[table.name] = Table(table.name, table.primary_key, table.time_to_live)

    def state(self) -> Any:
        """Show the tables."""
        return {
            "tables": {
                table.name: {"rows": len(table), "primaryKey": list(table.schema), "timeToLive": table.time_to_live}
                for table in self.tables.values()
            }
        }

    def reset(self) -> None:
        """Forget the tables."""
        self.tables.clear()

    def _respond(self, request: HttpRequest, status: int, body: bytes, headers: dict[str, str]) -> HttpResponse:
        signed = signing.answer_headers(request, body, str(uuid4()), self._cloud.keys)
        return HttpResponse(status, body, signed | headers)
