"""What an operator can set, read into one object, every mistake named at once; and the keys of the account.

Keys are read again at every invocation: the platform renews them while an instance stays warm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.domain import resources
from shared.domain.create_instance.view import INLINE_SECRETS, SITES, UNLISTED, CheckOptions
from shared.domain.timings import Timings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = re.compile(r"[A-Za-z0-9_-]{1,120}")
# The request tag's value is `<deployment>/<request id>`: 63 + 1 + 64 characters, and 128 are allowed.
_DEPLOYMENT = re.compile(r"[A-Za-z0-9._-]{1,63}")


_PLACE = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::[1-9][0-9]*)?",
    re.ASCII | re.IGNORECASE,
)


class SettingsError(Exception):
    """Settings are missing or wrong; the text names every one of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The worker's settings; times in seconds. No credentials: those are read at every invocation.

    `region` is where the platform runs the function, empty when it does not say. `calls_per_second` is the budget of
    ECS calls per API and region, shared by the threads of one instance.
    """

    deployment: str
    region: str
    store: str
    sqlite_path: str
    tablestore_endpoint: str
    tablestore_instance: str
    requests_table: str
    open_table: str
    mns_endpoint: str
    queue: str
    topic: str
    ecs_endpoint: str | None
    ecs_parameters: str
    site: str
    unlisted: str
    inline_secrets: str
    workers: int
    call_seconds: float
    skew_seconds: float
    settle_seconds: float
    grace_seconds: float
    poll_seconds: float
    calls_per_second: float
    log_level: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables that start with PROVISIONER_; raise SettingsError."""
        read = _Reader(environ)
        store = read.choice("STORE", ("sqlite", "tablestore"), required=True)
        settings = cls(
            deployment=read.text("DEPLOYMENT", _DEPLOYMENT, required=True),
            region=environ.get("FC_REGION", ""),
            store=store,
            sqlite_path=read.text("SQLITE_PATH", required=store == "sqlite"),
            tablestore_endpoint=read.url("TABLESTORE_ENDPOINT", required=store == "tablestore"),
            tablestore_instance=read.text("TABLESTORE_INSTANCE", _NAME, required=store == "tablestore"),
            requests_table=read.text("REQUESTS_TABLE", _NAME, resources.REQUESTS_TABLE),
            open_table=read.text("OPEN_TABLE", _NAME, resources.OPEN_TABLE),
            mns_endpoint=read.url("MNS_ENDPOINT", required=True),
            queue=read.text("QUEUE", _NAME, resources.QUEUE),
            topic=read.text("TOPIC", _NAME, resources.TOPIC),
            ecs_endpoint=read.url("ECS_ENDPOINT") or None,
            ecs_parameters=read.choice("ECS_PARAMETERS", ("body", "query")),
            site=read.choice("SITE", SITES),
            unlisted=read.choice("UNLISTED", UNLISTED),
            inline_secrets=read.choice("INLINE_SECRETS", INLINE_SECRETS),
            workers=int(read.number("WORKERS", 20, 1, 64, whole=True)),
            call_seconds=read.number("CALL_SECONDS", 15, 1, 60),
            skew_seconds=read.number("SKEW_SECONDS", 60, 0, 600),
            settle_seconds=read.number("SETTLE_SECONDS", 120, 1, 3600),
            grace_seconds=read.number("GRACE_SECONDS", 60, 0, 3600),
            poll_seconds=read.number("POLL_SECONDS", 55, 1, 280),
            # A start, not a promise to the service: what an account allows is nowhere documented, so the budget learns
            # it from the first throttled call. This is more than 20 workers can use with answers of 50 ms, so that a
            # burst is held up by the service alone. The template's default is the same.
            calls_per_second=read.number("CALLS_PER_SECOND", 500, 0.1, 10_000),
            log_level=read.choice("LOG_LEVEL", ("info", "debug", "warning", "error")),
        )
        if settings.settle_seconds < settings.skew_seconds:
            read.problem("SETTLE_SECONDS", "must cover SKEW_SECONDS: clocks that disagree would hide an instance")
        if read.problems:
            raise SettingsError(read.problems)
        return settings

    @property
    def timings(self) -> Timings:
        """How long each step of a request may take."""
        return Timings(
            deployment=self.deployment,
            region=self.region,
            call_seconds=self.call_seconds,
            skew_seconds=self.skew_seconds,
            settle_seconds=self.settle_seconds,
            grace_seconds=self.grace_seconds,
        )

    @property
    def check_options(self) -> CheckOptions:
        """How messages are checked."""
        return CheckOptions(self.site, self.unlisted, self.inline_secrets)


class _Reader:
    """Reads variables and collects what is wrong with them; the values it returns then do not matter."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def problem(self, name: str, what: str) -> None:
        self.problems.append(f"PROVISIONER_{name} {what}")

    def text(
        self, name: str, pattern: re.Pattern[str] | None = None, default: str = "", *, required: bool = False
    ) -> str:
        value = self._environ.get(f"PROVISIONER_{name}", "").strip() or default
        if required and not value:
            self.problem(name, "is not set")
        if value and pattern and not pattern.fullmatch(value):
            self.problem(name, f"is {value!r}, which does not match {pattern.pattern}")
        return value

    def choice(self, name: str, choices: Sequence[str], *, required: bool = False) -> str:
        """Return one of the choices, the first when none is set and none is required."""
        value = self.text(name, default="" if required else choices[0], required=required).lower()
        if value and value not in choices:
            self.problem(name, f"is {value!r}, not one of: {', '.join(choices)}")
        return value

    def number(self, name: str, default: float, least: float, most: float, *, whole: bool = False) -> float:
        text = self.text(name, default=str(default))
        try:
            value = float(int(text) if whole else float(text))
        except ValueError:
            self.problem(name, f"is {text!r}, no {'whole ' if whole else ''}number")
            return default
        if not least <= value <= most:  # also catches nan
            self.problem(name, f"is {text}, not within {least} to {most}")
        return value

    def url(self, name: str, *, required: bool = False) -> str:
        value = self.text(name, required=required).rstrip("/")
        problem = _endpoint_problem(value) if value else None
        if problem:
            self.problem(name, problem)
        return value


def _endpoint_problem(url: str) -> str | None:
    """Tell what is wrong with an endpoint, without repeating it: it may hold a password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not host:
        return "is no URL that starts with https://"
    if not _PLACE.fullmatch(url):  # what a parser forgives here, another reads as another host
        return "must be scheme and host only (https://host)"
    if parts.scheme == "http" and not _loopback(host):
        return "must start with https://: plain HTTP goes to this machine only"
    return None


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class CredentialsMissing(Exception):
    """Neither the invocation's context nor the environment holds an access key."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, with a security token when a role lent it. Nothing of it shows in `repr`."""

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be seen; the key's id alone opens nothing."""
        return tuple(value for value in (self.access_key_secret, self.security_token) if value)


def read_credentials(context: object, environ: Mapping[str, str]) -> Credentials:
    """Return the invocation's keys: from the context (Python 3.10 runtime), else from the environment (3.12).

    Raises CredentialsMissing.
    """
    lent = getattr(context, "credentials", None)
    found = Credentials(
        str(getattr(lent, "access_key_id", None) or ""),
        str(getattr(lent, "access_key_secret", None) or ""),
        str(getattr(lent, "security_token", None) or ""),
    )
    if not (found.access_key_id and found.access_key_secret):
        found = Credentials(
            environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
            environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
            environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        )
    if not (found.access_key_id and found.access_key_secret):
        raise CredentialsMissing(
            "no access key: give the function a role, "
            "or set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"
        )
    return found
