"""Where a command works: a local cloud, or a deployment in the account. Said by options, resolved into one object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local import defaults
from local.project import TEMPLATE
from local.runtime.access import Access
from local.runtime.account import AccountError, account_id, find_keys, find_region, read_stack
from local.runtime.specification import Deployment
from local.terminal.endpoint_url import EXAMPLE, problem_of, without_slash
from local.terminal.local_cloud import worker_of
from local.terminal.output import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.runtime.account import Stack

PREFIX = "PROVISIONER_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place: the way in, the queues' names, and where the records are.

    `store` is None where a local cloud's worker has not said where it keeps them; `elsewhere` is what it did say where
    options name another. `environ` is laid over what the template says of the worker's settings.
    """

    access: Access
    store: str | None
    data: Path
    environ: Mapping[str, str]
    queue: str = defaults.QUEUE
    dead_letters: str = defaults.DEAD_LETTERS
    topic: str = defaults.TOPIC
    inbox: str = defaults.INBOX
    elsewhere: str = ""

    @property
    def known_store(self) -> str:
        """Where records are; WrongUse when nobody said it."""
        if self.store is None:
            raise WrongUse(
                f"no worker has told {self.access.endpoint} where its records are; start one with `provisioner run`, "
                "or name them with --store or --data"
            )
        return self.store


@dataclass(frozen=True, slots=True)
class Where:
    """What the options say, the environment filled in; `by_option` tells that it was an option that named a place."""

    endpoint: str | None = None
    stack: str | None = None
    profile: str | None = None
    region: str | None = None
    by_option: bool = False

    @classmethod
    def of(
        cls, endpoint: str | None, stack: str | None, profile: str | None, region: str | None,
        environ: Mapping[str, str],
    ) -> Where:  # fmt: skip
        """Fill in what the environment says when neither option is given; WrongUse on a contradiction."""
        if endpoint and stack is not None:
            raise click.UsageError("--endpoint is a local cloud and --stack a deployment in the account; give one")
        if stack is not None and not stack.strip():
            raise click.UsageError("--stack is empty; give it the name of the ROS stack")
        by_option = bool(endpoint or stack)
        if not by_option:
            endpoint, stack = environ.get(f"{PREFIX}ENDPOINT") or None, environ.get(f"{PREFIX}STACK") or None
            if endpoint and stack:
                raise WrongUse(
                    f"{PREFIX}ENDPOINT and {PREFIX}STACK are both set; unset one, or say --endpoint or --stack"
                )
            endpoint = endpoint and without_slash(endpoint)
            if endpoint and (problem := problem_of(endpoint)):
                raise WrongUse(f"{PREFIX}ENDPOINT: {problem}")
        if endpoint and (profile or region):
            raise click.UsageError(
                "--profile and --region go with --stack; a local cloud has keys and region of its own"
            )
        return cls(endpoint, stack, profile, region, by_option)

    @property
    def is_said(self) -> bool:
        """Tell whether a place was named at all."""
        return bool(self.endpoint or self.stack)

    def place(self, environ: Mapping[str, str], store: str | None = None, data: Path | None = None) -> Place:
        """Ask the local cloud, or the account, and return the place; `store` and `data` overrule what it says.

        Raises WrongUse when nothing was named, nothing answers there, or it is something else.
        """
        if self.endpoint:
            return self._local(self.endpoint, environ, store, data)
        if not self.stack:
            raise WrongUse(
                f"say where: --endpoint {EXAMPLE} for a local cloud (`provisioner up` runs one), or --stack NAME for a "
                f"deployment in the account; or set {PREFIX}ENDPOINT or {PREFIX}STACK"
            )
        if store == "sqlite" or data is not None:
            raise WrongUse("a deployment keeps its records in Tablestore; leave --store and --data out with --stack")
        try:
            region = find_region(self.region, self.profile, environ)
            found = read_stack(self.stack, region, find_keys(self.profile))
        except AccountError as error:
            raise WrongUse(str(error)) from None
        return place_of(found, environ)

    def account(self, environ: Mapping[str, str]) -> Access:
        """Return the way into the account where the stack is, or is to be; WrongUse when a local cloud was named."""
        if self.endpoint:
            raise WrongUse("this works on a deployment in the account: --stack NAME; a local cloud has none of it")
        if not self.stack:
            raise WrongUse(f"say which stack: --stack NAME, or set {PREFIX}STACK")
        try:
            region = find_region(self.region, self.profile, environ)
            keys = find_keys(self.profile)
            account = account_id(keys)
        except AccountError as error:
            raise WrongUse(str(error)) from None
        return Access(keys.access_key_id, keys.access_key_secret, region, account, keys.security_token)

    @staticmethod
    def _local(endpoint: str, environ: Mapping[str, str], store: str | None, data: Path | None) -> Place:
        told = worker_of(endpoint)
        own = Path(told["data"] or defaults.DATA)
        place = Place(
            access=Access.local(endpoint),
            store=store or ("sqlite" if data is not None else told["store"]),
            data=data or own,
            environ=environ,
        )
        same = place.store == told["store"] and (place.store != "sqlite" or place.data.resolve() == own.resolve())
        if same or told["store"] is None:
            return place
        return replace(place, elsewhere=str(own) if told["store"] == "sqlite" else told["store"])


def place_of(stack: Stack, environ: Mapping[str, str]) -> Place:
    """Return the place of a stack: everything of the worker is read from it, nothing from the caller's own settings."""
    own = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    settings = Deployment(TEMPLATE, stack.parameters).function("provision").environment
    return Place(
        access=stack.access,
        store="tablestore",
        data=Path(defaults.DATA),
        environ={**own, **settings, **stack.settings()},
        queue=stack.outputs["QueueName"],
        dead_letters=stack.outputs["DeadLetterQueueName"],
        topic=stack.outputs["TopicName"],
        inbox=stack.outputs["InboxQueueName"],
    )
