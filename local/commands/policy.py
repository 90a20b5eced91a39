"""`provisioner policy`: what may be bought, shown, set, and tried on messages."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from local import policy as policies
from local.project import sample_or_path
from local.terminal import options
from local.terminal.messages import bodies, read_text
from local.terminal.output import WrongUse, json_line, progress, raw_line, table, wants_json
from local.terminal.records import open_records, worker_settings
from shared.domain.create_instance.parameters import SECRET_PARAMETERS
from shared.domain.create_instance.view import CheckOptions
from shared.domain.lifecycle.outcome import rfc3339
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal
from shared.domain.policy.document import InvalidPolicy, parse_policy
from shared.ports import Conflict, InForce, StoredPolicy

if TYPE_CHECKING:
    from local.terminal.place import Place, Where
    from shared.domain.message.request import Request
    from shared.domain.policy.document import Policy

NO = 1
MOST_VERSIONS = 2**31 - 1
"""What every store can be asked for."""
NONE = "no policy was ever set there: anything may be bought; set one with `provisioner policy set FILE`"


@click.group(
    epilog=options.examples(
        f"provisioner policy set events/policy.yaml --endpoint {options.LOCAL_ENDPOINT}",
        "provisioner policy show --stack provisioner",
        "provisioner policy check events/messages/profile.json --policy events/policy.yaml",
    )
)
def policy() -> None:
    """Say what may be bought: profiles, rules and limits. Without a policy anything may."""


@policy.command(epilog=options.examples("provisioner policy show --stack provisioner"))
@click.option("--version", type=click.IntRange(1, MOST_VERSIONS), help="An earlier version; all are kept.")
@options.where
@options.any_store
@options.any_data
@options.as_json
def show(*, version: int | None, where: Where, store: str | None, data: Path | None, as_json: bool) -> None:
    """Show the policy in force; on a terminal as YAML that `set` takes. Exit code 1 when there is none."""
    found = _stored(where.place(os.environ, store, data), version)
    if found is None:
        progress(NONE if version is None else f"there is no version {version} of the policy")
        sys.exit(NO)
    document = _stored_document(found)
    if wants_json(as_json):
        json_line({"version": found.version, "setAt": rfc3339(found.set_at), "policy": document})
        return
    raw_line(policies.as_yaml(document).rstrip())
    progress(f"version {found.version}, set at {rfc3339(found.set_at)}")


@policy.command(name="set", epilog=options.examples("provisioner policy set events/policy.yaml --stack provisioner"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask; nobody is asked where standard input is no terminal.")
@options.where
@options.any_store
@options.any_data
@options.as_json
def set_(*, file: Path, yes: bool, where: Where, store: str | None, data: Path | None, as_json: bool) -> None:
    """Put a policy in force: checked as a whole, its difference shown, then written.

    Workers follow within 30 seconds. What was accepted before stays accepted. Exit code 1: it has mistakes, all of
    which are told, or somebody else set another one meanwhile.
    """
    document = _document(file)
    place = where.place(os.environ, store, data)
    _checked(document, worker_settings(place)[0].check_options, file, as_json=as_json)
    with open_records(place, create=True) as records:
        before = records.policy() if records else None
        changes = policies.difference(_stored_document(before) if before else None, document)
        for line in changes:
            progress(line)
        if before is not None and not changes:
            progress(f"nothing changes: version {before.version} says the same")
        elif not yes and sys.stdin.isatty() and not click.confirm("put it in force?", err=True):
            sys.exit(NO)
        else:
            after = StoredPolicy((before.version if before else 0) + 1, policies.as_stored(document), time.time())
            try:
                records.put_policy(after)  # type: ignore[union-attr] # it was just made
            except Conflict:
                progress("another policy was set in the meantime, and stands; look at it: provisioner policy show")
                sys.exit(NO)
            before = after
    if wants_json(as_json):
        json_line({"version": before.version, "setAt": rfc3339(before.set_at), "changed": bool(changes)})
    progress(f"version {before.version} is in force; workers follow within 30 seconds")


@policy.command(
    epilog=options.examples(
        "provisioner policy check message.json --policy policy.yaml", "provisioner policy check - --stack provisioner"
    )
)
@click.argument("messages", nargs=-1, required=True, metavar="MESSAGE...")
@click.option("--policy", "file", type=click.Path(path_type=Path), help="Check against a file, offline.")
@options.where
@options.any_store
@options.any_data
@options.as_json
def check(
    *, messages: tuple[str, ...], file: Path | None, where: Where, store: str | None, data: Path | None, as_json: bool
) -> None:
    """Say what would happen to messages, and why: against --policy FILE offline, or the policy of a place.

    Nothing is sent. Exit code 0: all would be accepted, 1: some would not.
    """
    contract = CheckOptions()
    if file is not None:
        if where.by_option:
            raise click.UsageError("--policy is offline; leave --endpoint and --stack out with it")
        in_force = InForce(0, _checked(_document(file), contract, file, as_json=as_json))
    else:
        place = where.place(os.environ, store, data)
        contract = worker_settings(place)[0].check_options
        in_force = _in_force(place)
    found = [
        {"file": name if line == 1 else f"{name}:{line}", **verdict(body, contract, in_force)}
        for name in messages
        for line, body in bodies(name, read_text(name))
    ]
    if wants_json(as_json):
        for each in found:
            json_line(each)
    else:
        table(("message", "field", "verdict"), [row for each in found for row in _rows(each)])
    sys.exit(0 if all(each["accepted"] for each in found) else NO)


def verdict(body: str, contract: CheckOptions, in_force: InForce) -> dict[str, Any]:
    """Return what a message comes to under a policy, without its secrets."""
    asked = parse(body, contract, in_force.policy)
    said: dict[str, Any] = {
        "requestId": asked.request_id, "accepted": not isinstance(asked, Refusal), "policyVersion": in_force.version,
    }  # fmt: skip
    if isinstance(asked, Refusal):
        return said | {"violations": [asdict(each) for each in asked.violations]}
    parameters = {n: "(secret)" if n in SECRET_PARAMETERS else value for n, value in asked.parameters.items()}
    return said | {
        "violations": [],
        "profile": asked.profile,
        "parameters": parameters,
        "releaseAfterSeconds": asked.release_after_seconds,
        "alternatives": [_alternative(asked, number) for number in range(1, len(asked.alternatives) + 1)],
    }


def _alternative(asked: Request, number: int) -> dict[str, Any]:
    broken = [asdict(each) for each in asked.forbidden.get(number, ())]
    return {"overrides": dict(asked.alternatives[number - 1]), "skipped": bool(broken), "violations": broken}


def _rows(each: dict[str, Any]) -> list[tuple[str, str, str]]:
    if not each["accepted"]:
        told = [(v["field"], f"{v['code']}: {v['message']}") for v in each["violations"]]
    else:
        told = [("", "accepted"), *((f"parameters.{name}", str(value)) for name, value in each["parameters"].items())]
        if each["releaseAfterSeconds"]:
            told.append(("releaseAfterSeconds", str(each["releaseAfterSeconds"])))
        for number, alternative in enumerate(each["alternatives"], start=1):
            told += [
                (f"alternatives.{number}.{v['field']}", f"skipped: {v['message']}") for v in alternative["violations"]
            ] or [(f"alternatives.{number}", "would be tried")]
    return [("" if row else each["file"], field, words) for row, (field, words) in enumerate(told)]


def _document(file: Path) -> Any:
    try:
        return policies.read_file(sample_or_path(str(file)))
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}; a sample is events/policy.yaml") from None
    except InvalidPolicy as error:
        return error


def _checked(document: Any, contract: CheckOptions, file: Path, *, as_json: bool) -> Policy:
    """Return the policy of a document; with mistakes tell all of them and end."""
    try:
        if isinstance(document, InvalidPolicy):
            raise document
        return policies.whole_policy(document, contract)
    except InvalidPolicy as error:
        mistakes = [asdict(each) for each in error.violations]
    if wants_json(as_json):
        json_line({"file": str(file), "valid": False, "violations": mistakes})
    else:
        table(("field", "mistake"), ((each["field"], each["message"]) for each in mistakes))
    progress(f"{file} has {len(mistakes)} {'mistake' if len(mistakes) == 1 else 'mistakes'}; nothing was changed")
    sys.exit(NO)


def _stored(place: Place, version: int | None = None) -> StoredPolicy | None:
    with open_records(place) as records:
        if records is None:
            return None
        return records.policy() if version is None else records.policy_version(version)


def _stored_document(found: StoredPolicy) -> Any:
    """Return what a version says; of one that is no JSON, and that no worker can read, its text."""
    try:
        return json.loads(found.text)
    except (ValueError, RecursionError):
        progress(f"version {found.version} is no JSON: no worker can read it, and messages wait; set another")
        return found.text


def _in_force(place: Place) -> InForce:
    found = _stored(place)
    if found is None:
        progress(NONE)
        return InForce()
    try:
        return InForce(found.version, parse_policy(json.loads(found.text)))
    except (ValueError, RecursionError, InvalidPolicy) as error:
        raise WrongUse(f"version {found.version} of the policy cannot be read by this version: {error}") from None
