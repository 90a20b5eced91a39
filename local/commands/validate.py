"""`provisioner validate`: check messages offline, with the worker's own rules."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.project import sample_or_path
from local.terminal import options
from local.terminal.output import WRONG_USE, WrongUse, json_line, progress, table, wants_json
from shared.domain.create_instance.view import INLINE_SECRETS, SITES, UNLISTED, CheckOptions
from shared.domain.message.json import NotJson, read_json
from shared.domain.message.parse import parse
from shared.domain.message.request import Request
from shared.domain.policy.document import InvalidPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.domain.message.request import Refusal
    from shared.domain.policy.document import Policy

STREAM = "-"
LINE_SUFFIXES = frozenset({".jsonl", ".ndjson"})
INVALID = 1


@dataclass(frozen=True, slots=True)
class Checked:
    """One message: where it stands, and what the check says of it."""

    file: str
    result: Request | Refusal

    @property
    def valid(self) -> bool:
        """Whether the worker would take it."""
        return isinstance(self.result, Request)

    def as_json(self) -> dict[str, object]:
        """Return what a program is told."""
        line: dict[str, object] = {
            "file": self.file,
            "valid": self.valid,
            "requestId": self.result.request_id,
            "violations": [] if isinstance(self.result, Request) else [asdict(v) for v in self.result.violations],
        }
        if isinstance(self.result, Request) and self.result.warnings:
            line["warnings"] = [asdict(warning) for warning in self.result.warnings]
        return line


@click.command(
    epilog=options.examples(
        "provisioner validate events/messages/*.json",
        "provisioner validate requests.jsonl --json",
        "generate-requests | provisioner validate -",
        "provisioner validate message.json --policy events/policy.yaml",
    )
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--site", type=click.Choice(SITES), default="international", envvar="PROVISIONER_SITE", show_default=True,
    help="Whose subscription periods hold.",
)  # fmt: skip
@click.option(
    "--unlisted", type=click.Choice(UNLISTED), default="refuse", envvar="PROVISIONER_UNLISTED", show_default=True,
    help="What to do with values newer than the documented lists.",
)  # fmt: skip
@click.option(
    "--inline-secrets", type=click.Choice(INLINE_SECRETS), default="allow", envvar="PROVISIONER_INLINE_SECRETS",
    show_default=True, help="What to do with a Password or UserData.",
)  # fmt: skip
@click.option(
    "--policy", "policy_file", type=click.Path(path_type=Path), help="Check under this policy, its profiles among it."
)
@options.as_json
def validate(
    *, files: tuple[str, ...], site: str, unlisted: str, inline_secrets: str, policy_file: Path | None, as_json: bool
) -> None:
    """Check the messages in FILE... offline, all rules at once.

    A file holds one message, or one a line (named .jsonl or .ndjson, or its first line is JSON by itself); - reads
    standard input, one message a line. Exit code 0: all valid, 1: some are not, 2: a file cannot be read.
    """
    contract = CheckOptions(site, unlisted, inline_secrets)
    failures: list[str] = []
    policy = None if policy_file is None else _policy(policy_file, contract)
    checked = (Checked(place, parse(body, contract, policy)) for place, body in _messages(files, failures))
    show = _lines if wants_json(as_json) else _table
    all_valid = show(checked)
    if failures:
        sys.exit(WRONG_USE)
    sys.exit(0 if all_valid else INVALID)


def _policy(file: Path, contract: CheckOptions) -> Policy:
    """Return the policy of a file; WrongUse when it is none."""
    from local.policy import read_file, whole_policy  # noqa: PLC0415 - few ask for it, and YAML takes time

    try:
        return whole_policy(read_file(sample_or_path(str(file))), contract)
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}; a sample is events/policy.yaml") from None
    except InvalidPolicy as error:
        raise WrongUse(f"{file} is no policy: {error}; every mistake: provisioner policy check") from None


def _messages(files: Iterable[str], failures: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each message with its place; what cannot be read is told on stderr and noted."""
    for name in files:
        yield from _in(name, failures)


def _in(name: str, failures: list[str]) -> Iterator[tuple[str, str]]:
    try:
        yield from _numbered(name, sys.stdin.buffer) if name == STREAM else _in_file(name)
    except OSError as error:
        failures.append(name)
        progress(f"{name} cannot be read: {error.strerror}; check the path, or use - for standard input")


def _in_file(name: str) -> Iterator[tuple[str, str]]:
    content = sample_or_path(name).read_bytes()
    lines = content.splitlines()
    if Path(name).suffix in LINE_SUFFIXES or (_is_json(lines[0] if lines else b"") and not _is_json(content)):
        yield from _numbered(name, lines)
    else:
        yield name, _text(content)


def _numbered(name: str, lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"{name}:{number}", _text(line)


def _text(content: bytes) -> str:
    """Decode; bytes that are no UTF-8 stay recognisable, and the contract refuses them."""
    return content.decode("utf-8", "surrogateescape")


def _is_json(content: bytes) -> bool:
    try:
        read_json(_text(content))
    except NotJson:
        return False
    return True


def _lines(checked: Iterable[Checked]) -> bool:
    all_valid = True
    for each in checked:
        json_line(each.as_json())
        all_valid = all_valid and each.valid
    return all_valid


def _table(checked: Iterable[Checked]) -> bool:
    everything = list(checked)
    table(("message", "field", "verdict"), _rows(everything))
    bad = sum(not each.valid for each in everything)
    progress(f"{len(everything) - bad} valid, {bad} not")
    return not bad


def _rows(checked: Iterable[Checked]) -> Iterator[tuple[str, str, str]]:
    for each in checked:
        if isinstance(each.result, Request):
            yield each.file, "", "valid"
            yield from (("", each.field, f"warning: {each.message}") for each in each.result.warnings)
        else:
            for number, violation in enumerate(each.result.violations):
                place = "" if number else each.file
                yield place, violation.field, f"{violation.code}: {violation.message}"
