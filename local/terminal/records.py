"""Opens the worker's records for a command, in either store."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.runtime.access import Access
from local.runtime.environment import DATABASE, settings_for
from local.runtime.worker import WorkerConfig
from local.terminal.options import access_to
from local.terminal.output import WrongUse
from shared.bootstrap import open_store
from shared.domain.lifecycle.record import UnreadableRecord
from shared.ports import StoreUnavailable
from shared.settings import Credentials, Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shared.ports import Store

NOWHERE = "http://127.0.0.1:9"
"""The endpoint of a local run that needs no cloud."""


@contextmanager
def open_records(endpoint: str | None, store: str, data: Path, environ: Mapping[str, str]) -> Iterator[Store | None]:
    """Open the store and close it again; None when the SQLite file does not exist. Failures are WrongUse.

    The SQLite store is a file here and needs no cloud. Tablestore is the local cloud's, or the account's.
    """
    if store == "sqlite" and not (data / DATABASE).exists():
        yield None
        return
    settings, keys = worker_settings(endpoint, store, data, environ)
    try:
        opened = open_store(settings, keys)
        try:
            yield opened
        finally:
            opened.close()
    except StoreUnavailable as error:
        raise WrongUse(f"the {store} store cannot be reached: {error}") from None
    except UnreadableRecord as error:
        raise WrongUse(f"the record was written by another version of the worker: {error}") from None


def worker_settings(
    endpoint: str | None, store: str, data: Path, environ: Mapping[str, str]
) -> tuple[Settings, Credentials]:
    """Return what the worker itself would be set to there, and its keys; WrongUse names what is missing."""
    access = Access.local(endpoint or NOWHERE) if store == "sqlite" else access_to(endpoint)
    template = WorkerConfig(access=access, store=store, data=data).deployment.function("provision").environment
    try:
        settings = Settings.from_environment(settings_for(template, environ, access, store, data))
    except SettingsError as error:
        raise WrongUse(str(error)) from None
    return settings, Credentials(access.access_key_id, access.access_key_secret, access.security_token)
