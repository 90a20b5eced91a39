"""The services of the cloud, in the order they are asked whether a request is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cloud.ecs.protocol import Ecs
from local.cloud.mns.protocol import Mns
from local.cloud.tablestore.protocol import Ots

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.cloud import Cloud
    from local.cloud.service import Service

SERVICES: tuple[Callable[[Cloud], Service], ...] = (Mns, Ots, Ecs)
