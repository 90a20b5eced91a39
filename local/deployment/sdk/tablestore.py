"""The store's instance through its control client, its tables and rows through the Tablestore client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.deployment.ports import Data, NoAnswer, Refused
from local.deployment.sdk.client import Service, clean
from shared.ports import StoreUnavailable
from shared.settings import Credentials

if TYPE_CHECKING:
    from local.runtime.access import Access
    from shared.domain.policy.control import Pause

SECONDS = 10.0
NO_TABLE = "OTSObjectNotExist"


class TablestoreRecords:
    """See `ports.Records`. The tables are asked at the instance's public address."""

    def __init__(self, access: Access, instance: str) -> None:
        from shared.adapters.tablestore.client import connect, tablestore  # noqa: PLC0415 - it loads when it is used
        from shared.adapters.tablestore.store import TablestoreStore  # noqa: PLC0415 - the same

        self._control = Service("alibabacloud_tablestore20201209", "ots", access)
        self._sdk, self._instance, self._access = tablestore, instance, access
        keys = Credentials(access.access_key_id, access.access_key_secret, access.security_token)
        endpoint = access.endpoint or f"https://{instance}.{access.region}.ots.aliyuncs.com"
        self._client = connect(endpoint, instance, keys, try_seconds=SECONDS)
        self._store = TablestoreStore(endpoint, instance, keys)

    def instance(self) -> Data | None:
        """See the port."""
        asked = self._control.models.GetInstanceRequest(instance_name=self._instance)
        absent = ("InstanceNotFound", "NotFound", NO_TABLE)
        found: Data | None = self._control.call("GetInstance", asked, {}, absent=absent)
        return found

    def table(self, name: str) -> Data | None:
        """See the port."""
        found = self._ask("ots:DescribeTable", self._client.describe_table, name)
        if found is None:
            return None
        return {
            "PrimaryKey": [{"Name": key[0], "Type": key[1]} for key in found.table_meta.schema_of_primary_key],
            "MaxVersions": found.table_options.max_version,
            "TimeToLive": found.table_options.time_to_live,
        }

    def read(self, table: str) -> None:
        """See the port."""
        self._ask("ots:GetRow", self._client.get_row, table, [("requestId", "provisioner-doctor")])

    def pause(self) -> Pause | None:
        """See the port."""
        try:
            return self._store.pause()
        except StoreUnavailable as failure:
            raise NoAnswer("ots:GetRow", failure.code or "no answer") from None

    def _ask(self, action: str, method: Any, *arguments: Any) -> Any:
        try:
            return method(*arguments)
        except self._sdk.OTSServiceError as error:
            if error.code == NO_TABLE:
                return None
            raise Refused(action, str(error.code), clean(str(error.message), self._access)) from None
        except Exception as error:  # noqa: BLE001 - urllib3's errors, the SDK's own and the system's: no answer, all
            raise NoAnswer(action, type(error).__name__) from None
