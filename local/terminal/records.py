"""Opens the worker's records for a command, in either store."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.runtime.access import Access
from local.runtime.environment import DATABASE, settings_for
from local.runtime.worker import WorkerConfig
from local.terminal.output import WrongUse, progress
from local.terminal.place import Place
from shared.bootstrap import open_store
from shared.domain.lifecycle.record import UnreadableRecord
from shared.ports import StoreUnavailable
from shared.settings import Credentials, Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shared.ports import Store

NOWHERE = "http://127.0.0.1:9"
"""The endpoint of records that are a file: nothing is called."""


def file_place(data: Path, environ: Mapping[str, str]) -> Place:
    """Return the place of a SQLite store's file that is read without any cloud."""
    return Place(access=Access.local(NOWHERE), store="sqlite", data=data, environ=environ)


@contextmanager
def open_records(place: Place, *, create: bool = False) -> Iterator[Store | None]:
    """Open the store and close it again; None when the SQLite file does not exist, unless it is to be made.

    `create` is for what a worker has to follow: made is nothing where the worker has records elsewhere. Failures are
    WrongUse.
    """
    store = place.known_store
    there = store != "sqlite" or (place.data / DATABASE).exists()
    if not there and not create:
        yield None
        return
    if create and place.elsewhere:
        told = f"the worker of {place.access.endpoint} has its records in {place.elsewhere}"
        if not there:
            raise WrongUse(f"there are no records in {place.data}, and {told}; leave --store and --data out")
        progress(f"{told}, and does not follow what is written here")
    settings, keys = worker_settings(place)
    try:
        opened = open_store(settings, keys)
        try:
            yield opened
        finally:
            opened.close()
    except StoreUnavailable as error:
        raise WrongUse(f"the {store} store cannot be read: {error}; name another with --store or --data") from None
    except UnreadableRecord as error:
        raise WrongUse(f"the record was written by another version of the worker: {error}") from None


def worker_settings(place: Place) -> tuple[Settings, Credentials]:
    """Return what the worker itself is set to there, and its keys; WrongUse names what is missing."""
    access, store = place.access, place.known_store
    template = WorkerConfig(access=access, store=store, data=place.data).deployment.function("provision").environment
    try:
        settings = Settings.from_environment(settings_for(template, place.environ, access, store, place.data))
    except SettingsError as error:
        raise WrongUse(str(error)) from None
    return settings, Credentials(access.access_key_id, access.access_key_secret, access.security_token)
