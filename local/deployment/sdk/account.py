"""Puts the services of an account together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from local.deployment.ports import Account
from local.deployment.sdk.clock import AnswerClock
from local.deployment.sdk.cms import CmsMetrics
from local.deployment.sdk.eventbridge import EventStreams
from local.deployment.sdk.fc import FcFunctions
from local.deployment.sdk.mns import MnsMessaging
from local.deployment.sdk.oss import OssObjects
from local.deployment.sdk.ram import RamRoles
from local.deployment.sdk.ros import RosStacks
from local.deployment.sdk.sls import SlsLogs
from local.deployment.sdk.tablestore import TablestoreRecords

if TYPE_CHECKING:
    from local.runtime.access import Access


def open_account(access: Access) -> Account:
    """Return the services that these keys reach; raise MissingSdk."""
    return Account(
        stacks=RosStacks(access),
        objects=OssObjects(access),
        roles=RamRoles(access),
        functions=FcFunctions(access),
        streams=EventStreams(access),
        messaging=MnsMessaging(access),
        metrics=CmsMetrics(access),
        clock=AnswerClock(access),
        records=partial(TablestoreRecords, access),
        logs=partial(SlsLogs, access),
    )
