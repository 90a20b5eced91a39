"""`provisioner errors` and `provisioner explain`: the error catalogue, read."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

import click

from local.terminal import options
from local.terminal.output import WrongUse, json_line, progress, raw_line, table, wants_json
from shared.domain.errors.catalogue import classify, load
from shared.domain.errors.listing import ANY, Entry, by_call, by_words, entries, special
from shared.domain.errors.model import ApiError, Retry
from shared.domain.errors.retry import leads_to_alternative, policy_for

if TYPE_CHECKING:
    from shared.domain.errors.model import Verdict

_CLOSEST = 5
_SIMILARITY = 0.5
_STATUSES = (400, 401, 403, 404, 408, 409, 429, 500, 503, None)
"""What an unlisted code is explained at; None stands for a code without an answer."""
_CALLS = ("CreateInstance", "StartInstance", "AllocatePublicIpAddress", "DeleteInstance")


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

    `retry` says whether the same request can succeed: never, with another alternative, or later. In the JSON `calls`
    says what is different when one of these calls answers so, `messages` what certain words of the API change, and
    `sources` where all this is known from.
    """
    rows = [
        {**_row(entry), "messages": _messages(entry), "calls": _calls(entry.code)}
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
        "provisioner explain operationdenied         (in any case of letters; by the API's words and by call)",
        "provisioner explain InvalidHostname.Malformd    (not listed: what would happen, and the closest codes)",
    )
)
@click.argument("code")
@options.as_json
def explain(*, code: str, as_json: bool) -> None:
    """Explain one error CODE: what it means, whether and how it is tried again, and what to do.

    Letter case does not matter. Exit code 1: no such code is listed; what would happen then is said for each HTTP
    status, and the closest codes are shown.
    """
    if not code.strip():
        raise WrongUse("the CODE is empty; name one as an outcome's error does, `provisioner errors` lists them")
    listed = {name.lower(): name for name in load()["codes"]}.get(code.lower())
    similar = [] if listed else closest(code)
    rows = [_row(line) for line in _lines(listed)] if listed else []
    unlisted = [] if listed else _unlisted(code)
    if wants_json(as_json):
        shown = {"code": listed or code, "known": listed is not None, "entries": rows}
        json_line({**shown, "unlisted": unlisted, "closest": similar})
    else:
        for row in (*rows, *unlisted):
            _tell(row)
    if listed:
        return
    progress(f"{code} is not in the catalogue; by status, this would happen.")
    progress(f"Closest: {', '.join(similar)}" if similar else "Nothing comes close; see `provisioner errors`.")
    raise SystemExit(1)


def meaning(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict under the names of an outcome's `error`, and what becomes of the token when it is retried.

    `tries` counts calls, the first included; None means until the deadline. `thenAlternative` says that a request
    which has an alternative left goes on with it before it fails.
    """
    later = verdict.retry is Retry.LATER
    return {
        "category": verdict.category,
        "retry": verdict.retry.value,
        "token": None if verdict.retry is Retry.NEVER else verdict.token.value,
        "tries": policy_for(verdict).attempts if later else 1,
        "thenAlternative": leads_to_alternative(verdict),
        "effectUnknown": verdict.unknown,
        "parameter": verdict.parameter,
        "remedy": verdict.remedy,
    }


def closest(code: str) -> list[str]:
    """Return the known codes most like this one, letter case aside."""
    known = {name.lower(): name for name in load()["codes"]}
    return [known[name] for name in difflib.get_close_matches(code.lower(), known, _CLOSEST, _SIMILARITY)]


def _lines(code: str) -> list[Entry]:
    return [line for line in entries() if line.code == code] + special(code)


def _row(entry: Entry) -> dict[str, Any]:
    texts = load()["sources"]
    return {
        "httpStatus": entry.status,
        "code": entry.code,
        "sentBy": list(entry.calls),
        "words": entry.words or None,
        **meaning(entry.verdict),
        "successFor": list(entry.success),
        "sources": [texts[name] for name in entry.sources],
    }


def _messages(entry: Entry) -> list[dict[str, Any]]:
    """Return what certain words change in an entry."""
    return [_row(line) for line in by_words(entry.code) if line.status == entry.status]


def _calls(code: str) -> dict[str, dict[str, Any]]:
    """Return what a code means instead, by call; `also` are the statuses and words at which it is something else."""
    return {
        call: {**_row(first), "also": [_row(line) for line in rest]} for call, (first, *rest) in by_call(code).items()
    }


def _unlisted(code: str) -> list[dict[str, Any]]:
    """Return what would happen to a code that nobody has listed; statuses and calls that agree share a row."""
    found: dict[Verdict, dict[Any, None]] = {}
    for status in _STATUSES:
        for call in _CALLS:
            found.setdefault(classify(ApiError(call, status, code, "")), {})[status, call] = None
    return [_unlisted_row(code, verdict, list(where)) for verdict, where in found.items()]


def _unlisted_row(code: str, verdict: Verdict, where: list[tuple[int | None, str]]) -> dict[str, Any]:
    calls = list(dict.fromkeys(call for _, call in where))
    statuses = list(dict.fromkeys("no answer" if status is None else status for status, _ in where))
    sent_by = [ANY] if set(calls) == set(_CALLS) else calls
    return {"httpStatuses": statuses, "code": code, "sentBy": sent_by, **meaning(verdict)}


def _draw(rows: list[dict[str, Any]]) -> None:
    names = ("httpStatus", "code", "category", "retry", "parameter", "remedy")
    table(("status", *names[1:]), ([row[name] for name in names] for row in rows))


def _tell(row: dict[str, Any]) -> None:
    statuses = row.get("httpStatuses", [row.get("httpStatus") or ""])
    raw_line(f"{row['code']}  {', '.join(map(str, statuses))}".rstrip())
    for name, value in (
        ("when it says", row.get("words")),
        ("category", row["category"]),
        ("retry", _again(row)),
        ("parameter", row["parameter"]),
        ("sent by", ", ".join(row["sentBy"])),
        ("success", _success(row)),
        ("effect", "unknown: the call may have been carried out" if row["effectUnknown"] else None),
        ("what to do", row["remedy"]),
        ("known from", "; ".join(row.get("sources", ()))),
    ):
        if value:
            raw_line(f"  {name:<13}{value}")
    raw_line("")


def _success(row: dict[str, Any]) -> str | None:
    calls = row.get("successFor")
    return f"yes, for {', '.join(calls)}: what was asked for is so already" if calls else None


def _again(row: dict[str, Any]) -> str:
    if row["retry"] == Retry.ALTERNATIVE.value:
        return "alternative: at once, with a new token"
    then = ", then the next alternative" if row["thenAlternative"] and {ANY, _CALLS[0]} & set(row["sentBy"]) else ""
    if row["retry"] == Retry.NEVER.value:
        return f"never{then}"
    tries = "until the deadline" if row["tries"] is None else f"{row['tries']} calls in all"
    return f"later (token: {row['token']}), {tries}{then}"
