"""`provisioner validate`: check messages offline, with the worker's own rules."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from local.project import sample_or_path
from local.terminal import options
from local.terminal.messages import is_json, text_of
from local.terminal.output import WRONG_USE, WrongUse, json_line, progress, table, wants_json
from shared.domain.create_instance.schema import Violation
from shared.domain.create_instance.view import INLINE_SECRETS, SITES, UNLISTED, CheckOptions
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal, Request
from shared.domain.policy.document import InvalidPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=options.FILE)
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

    A file holds one message, or one a line (named .jsonl or .ndjson, or its first line is JSON by itself). So does
    standard input, which is read for -; lines are checked as they come. Exit code 0: all valid, 1: some are not, 2: a
    file cannot be read.
    """
    contract = CheckOptions(site, unlisted, inline_secrets)
    failures: list[str] = []
    policy = None if policy_file is None else _policy(policy_file, contract)
    checked = (Checked(place, _judged(content, contract, policy)) for place, content in _messages(files, failures))
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


def _judged(content: bytes, contract: CheckOptions, policy: Policy | None) -> Request | Refusal:
    try:
        return parse(text_of(content), contract, policy)
    except UnicodeDecodeError:
        return Refusal((Violation("", "MalformedMessage", "the message is no UTF-8 text; a message is JSON in UTF-8"),))


def _messages(files: Iterable[str], failures: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each message with its place; what cannot be read is told on stderr and noted."""
    for name in files:
        yield from _in(name, failures)


def _in(name: str, failures: list[str]) -> Iterator[tuple[str, bytes]]:
    try:
        yield from _in_stream(sys.stdin.buffer) if name == STREAM else _in_file(name)
    except OSError as error:
        failures.append(name)
        progress(f"{name} cannot be read: {error.strerror}; check the path, or use - for standard input")


def _in_file(name: str) -> Iterator[tuple[str, bytes]]:
    content = sample_or_path(name).read_bytes()
    lines = content.splitlines()
    if Path(name).suffix in LINE_SUFFIXES or (_is_json(lines[0] if lines else b"") and not _is_json(content)):
        yield from _numbered(name, lines)
    else:
        yield name, content


def _in_stream(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the one message that begins on the first line and goes on, or the message of each line as it comes."""
    first = stream.readline()
    if _is_json(first):
        yield from _numbered(STREAM, chain([first], stream))
        return
    content = first + stream.read()
    if _is_json(content):
        yield STREAM, content
    else:
        yield from _numbered(STREAM, content.splitlines())


def _numbered(name: str, lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"{name}:{number}", line


def _is_json(content: bytes) -> bool:
    try:
        return is_json(text_of(content))
    except UnicodeDecodeError:
        return False


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
