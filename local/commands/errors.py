"""`provisioner errors` and `provisioner explain`: the error catalogue, read."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

import click

from local.terminal import options
from local.terminal.output import json_line, progress, raw_line, table, wants_json
from shared.domain.errors.catalogue import Entry, calls, entries, load
from shared.domain.errors.model import Retry

if TYPE_CHECKING:
    from shared.domain.errors.model import Verdict

_CLOSEST = 5
_SIMILARITY = 0.5


@click.command(
    epilog=options.examples(
        "provisioner errors",
        "provisioner errors --category capacity",
        "provisioner errors --json | jq '.[] | select(.retry == \"alternative\") | .code'",
    )
)
@click.option(
    "--category",
    type=click.Choice(sorted({entry.verdict.category for entry in entries()})),
    help="Only errors of this category.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON list, as when standard output is no terminal.")
def errors(*, category: str | None, as_json: bool) -> None:
    """List what is known of every error: one entry per HTTP status and code.

    `retry` says whether the same request can succeed: never, with another alternative, or later. `calls` in the JSON
    says what is different when one of these calls answers so.
    """
    rows = [
        {**_row(entry), "calls": {call: meaning(verdict) for call, verdict in calls(entry.code).items()}}
        for entry in entries()
        if category in (None, entry.verdict.category)
    ]
    if wants_json(as_json):
        raw_line("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]")
    else:
        _draw(rows)


@click.command(
    epilog=options.examples(
        "provisioner explain OperationDenied.NoStock",
        "provisioner explain InvalidHostname.Malformd    (a typing error: the closest codes are shown)",
    )
)
@click.argument("code")
@options.as_json
def explain(*, code: str, as_json: bool) -> None:
    """Explain one error CODE: what it means, whether and how it is tried again, and what to do.

    Exit code 1: no such code is known; the closest ones are shown.
    """
    known = code in load()["codes"]
    rows = [_row(entry) for entry in entries() if entry.code == code]
    if known:
        rows += [_row(Entry(None, code, (call,), verdict)) for call, verdict in calls(code).items()]
    similar = [] if known else closest(code)
    if wants_json(as_json):
        json_line({"code": code, "known": known, "entries": rows, "closest": similar})
    elif known:
        for row in rows:
            _tell(row)
    if known:
        return
    progress(f"{code} is not in the catalogue.")
    progress(f"Closest: {', '.join(similar)}" if similar else "Nothing comes close; see `provisioner errors`.")
    raise SystemExit(1)


def meaning(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict under the names of an outcome's `error`, and what becomes of the token when it is retried."""
    return {
        "category": verdict.category,
        "retry": verdict.retry.value,
        "token": None if verdict.retry is Retry.NEVER else verdict.token.value,
        "effectUnknown": verdict.unknown,
        "parameter": verdict.parameter,
        "remedy": verdict.remedy,
    }


def closest(code: str) -> list[str]:
    """Return the known codes most like this one, letter case aside."""
    known = {name.lower(): name for name in load()["codes"]}
    return [known[name] for name in difflib.get_close_matches(code.lower(), known, _CLOSEST, _SIMILARITY)]


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "httpStatus": entry.status, "code": entry.code, **meaning(entry.verdict), "sources": list(entry.sources)
    }  # fmt: skip


def _draw(rows: list[dict[str, Any]]) -> None:
    names = ("httpStatus", "code", "category", "retry", "parameter", "remedy")
    table(("status", *names[1:]), ([row[name] for name in names] for row in rows))


def _tell(row: dict[str, Any]) -> None:
    again = row["retry"] if row["token"] is None else f"{row['retry']} (token: {row['token']})"
    raw_line(f"{row['code']}  {row['httpStatus'] or ''}".rstrip())
    for name, value in (
        ("category", row["category"]),
        ("retry", again),
        ("parameter", row["parameter"]),
        ("sent by", ", ".join(row["sources"])),
        ("effect", "unknown: the call may have been carried out" if row["effectUnknown"] else None),
        ("what to do", row["remedy"]),
    ):
        if value:
            raw_line(f"  {name:<12}{value}")
    raw_line("")
