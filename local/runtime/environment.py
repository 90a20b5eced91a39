"""A function's environment on this machine.

From weak to strong: what template.yml says; shorter times where the cloud is local (one machine has one clock, so the
minutes that cover skewed clocks and slow reads would only be waited for); what the caller's own environment says; the
local places. So the account's cloud is never touched by a local run, whatever is exported.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.runtime.access import Access
    from local.runtime.specification import FunctionSpecification

PREFIX = "PROVISIONER_"
LOCAL_TIMES = {
    "PROVISIONER_SKEW_SECONDS": "1",
    "PROVISIONER_SETTLE_SECONDS": "3",
    "PROVISIONER_CALL_SECONDS": "5",
    "PROVISIONER_GRACE_SECONDS": "5",
}
DATABASE = "provisioner.db"
PASSED_ON = ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
NOT_SETTINGS = frozenset({"PROVISIONER_ENDPOINT", "PROVISIONER_STACK"})
"""Variables that steer the command line and are no settings of the worker."""


class VariablesMissing(Exception):
    """A function's environment is incomplete; the text names every variable."""


def local_places(access: Access, store: str, data: Path) -> dict[str, str]:
    """Return the settings that keep a worker on this machine; empty when the cloud is the account's."""
    if access.endpoint is None:
        return {}
    places = {
        "PROVISIONER_DEPLOYMENT": defaults.DEPLOYMENT,
        "PROVISIONER_STORE": store,
        "PROVISIONER_MNS_ENDPOINT": access.endpoint,
        "PROVISIONER_ECS_ENDPOINT": access.endpoint,
        "PROVISIONER_QUEUE": defaults.QUEUE,
        "PROVISIONER_TOPIC": defaults.TOPIC,
    }
    if store == "sqlite":
        return places | {"PROVISIONER_SQLITE_PATH": str(data.resolve() / DATABASE)}
    return places | {
        "PROVISIONER_TABLESTORE_ENDPOINT": access.endpoint,
        "PROVISIONER_TABLESTORE_INSTANCE": defaults.TABLESTORE_INSTANCE,
        "PROVISIONER_REQUESTS_TABLE": defaults.REQUESTS_TABLE,
        "PROVISIONER_OPEN_TABLE": defaults.OPEN_TABLE,
    }


def settings_for(
    template: Mapping[str, str], environ: Mapping[str, str], access: Access, store: str, data: Path
) -> dict[str, str]:
    """Return the worker's settings, laid over one another as the module says."""
    times = LOCAL_TIMES if access.endpoint else {}
    own = {k: v for k, v in environ.items() if k.startswith(PREFIX) and k not in NOT_SETTINGS}
    settings = {k: v for k, v in template.items() if k.startswith(PREFIX)}  # the others name places in the package
    return {**settings, **times, **own, **local_places(access, store, data)}


def environment_for(
    specification: FunctionSpecification, environ: Mapping[str, str], access: Access, store: str, data: Path
) -> dict[str, str]:
    """Return everything a function's process finds in its environment; raise VariablesMissing."""
    settings = settings_for(specification.environment, environ, access, store, data)
    if missing := [name for name in specification.lacking if name not in settings]:
        raise VariablesMissing(
            f"missing settings of {specification.name}: {', '.join(missing)}; "
            "template.yml takes them from the cloud: set them in the environment"
        )
    passed_on = {name: environ[name] for name in PASSED_ON if name in environ}
    return {
        **passed_on, "LANG": "C.UTF-8", "TZ": "UTC",
        **settings, **access.variables(), **platform_variables(specification),
    }  # fmt: skip


def platform_variables(specification: FunctionSpecification) -> dict[str, str]:
    """Return what Function Compute itself sets."""
    return {
        "FC_FUNC_CODE_PATH": os.getcwd(),  # noqa: PTH109 - a string for an environment
        "FC_FUNCTION_HANDLER": specification.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(specification.memory),
        "FC_FUNCTION_NAME": specification.name,
        "FC_FUNCTION_VERSION": "LATEST",
        "FC_INSTANCE_ID": f"c-{uuid.uuid4()}",
    }
