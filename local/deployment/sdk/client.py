"""How every official client is made and called here: one try each, HTTPS, no redirects, failures in two kinds.

The clients choose their hosts themselves, by region. They are extras of the package (`[deploy]`), imported when used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from local.deployment.ports import NoAnswer, Refused
from shared.domain.redact import redact

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.runtime.access import Access

CALL_MILLISECONDS = 15_000
NOT_FOUND = 404
EXTRA = "ecs-provisioning-worker[deploy]"
IN_POLICIES = {"log:GetLogs": "log:GetLogStoreLogs"}
"""What policies call an action where that is not the API's name."""


class MissingSdk(Exception):
    """An official SDK that deploy, doctor and logs need is not installed; the text says how to install them."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed; deploy, doctor and logs need it: pip install '{EXTRA}'")


def load(name: str) -> Any:
    """Import a module of an SDK; raise MissingSdk."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingSdk(error.name or name) from None


class Service:
    """One service's client: `call` makes one call of it."""

    def __init__(self, package: str, prefix: str, access: Access) -> None:
        utils = load("alibabacloud_tea_openapi.utils_models")
        client = load(f"{package}.client")
        self.models: Any = load(f"{package}.models")
        self._prefix, self._access = prefix, access
        _refuse_redirects()
        self._client = client.Client(
            utils.Config(
                access_key_id=access.access_key_id,
                access_key_secret=access.access_key_secret,
                security_token=access.security_token or None,
                region_id=access.region,
                protocol="HTTPS",
            )
        )

    def call(self, action: str, *arguments: Any, absent: tuple[str, ...] = ()) -> Any:
        """Make a call and return its answer's body as data; None when it says that there is no such thing.

        `action` is the API's name (`GetRole`). `absent` are beginnings of the codes that say so; where there are any,
        so does every 404 that is not about the call itself: not every such code is documented.
        """
        method: Callable[..., Any] = getattr(self._client, f"{_snake(action)}_with_options")
        name = f"{self._prefix}:{action}"
        name = IN_POLICIES.get(name, name)
        options = load("darabonba.runtime").RuntimeOptions(
            connect_timeout=CALL_MILLISECONDS, read_timeout=CALL_MILLISECONDS, autoretry=False
        )
        try:
            body = method(*arguments, options).body
        except Exception as error:  # noqa: BLE001 - the SDKs pass on what their transport raises, URLs included
            failure = failure_of(name, error, self._access)
            if absent and isinstance(failure, Refused) and _says_absent(failure, error, absent):
                return None
            raise failure from None
        data = body.to_map() if hasattr(body, "to_map") else body
        if not isinstance(data, dict):
            raise NoAnswer(name, f"what came is no answer of the API's: {type(data).__name__}")
        return data


def _says_absent(refused: Refused, error: Exception, absent: tuple[str, ...]) -> bool:
    return refused.code.startswith(absent) or (_status(error) == NOT_FOUND and not refused.code.startswith("Invalid"))


def _status(error: Exception) -> int | None:
    data = getattr(error, "data", None) or {}
    found = getattr(error, "status_code", None) or data.get("statusCode") or data.get("httpCode")
    return int(found) if found else None


def failure_of(action: str, error: Exception, access: Access) -> Refused | NoAnswer:
    """Return what an SDK's exception means. Only a service's own words are kept: any other text may hold a URL."""
    code, data = getattr(error, "code", None), getattr(error, "data", None) or {}
    if not code or not _status(error):
        return NoAnswer(action, type(error).__name__)
    words = data.get("Message") or data.get("message") or getattr(error, "message", "") or ""
    return Refused(action, str(code), clean(str(words), access))


def clean(words: str, access: Access) -> str:
    """Return a service's words without the keys: of a wrong signature some quote all that was signed."""
    return redact(words, (access.access_key_id, access.access_key_secret, access.security_token))


def _refuse_redirects() -> None:
    from shared.adapters.ecs.transport import take_over_sessions  # noqa: PLC0415 - it loads the SDK's core

    take_over_sessions(load("darabonba.core").DaraCore)


def _snake(action: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in action).removeprefix("_")
