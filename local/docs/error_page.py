"""The text of docs/errors.md, made from the catalogue and the policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors.catalogue import load, verdict
from shared.domain.errors.listing import Entry, entries, special
from shared.domain.errors.model import Retry
from shared.domain.errors.retry import INLINE_SECONDS, POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.domain.errors.model import Verdict

PATH = "docs/errors.md"
_HEAD = """\
# Errors

What every error code means, whether the worker tries again, and what to do. Made from
`shared/domain/errors/catalogue.json` by `make docs`; the same facts: `provisioner errors`, `provisioner explain CODE`.

- **Retry** says whether the same request can succeed: *never*, with another *alternative* (tried at once while the
  request has one left), or *later* (tried again until tries or deadline run out). After *later* stands what becomes of
  the client token: the *same* again, the *next* generation's, or *settle*, which means that ECS is first asked whether
  the instance exists.
- **?** behind it marks answers that leave open whether the call took effect. The request then neither ends nor moves
  on before that is known.
- **From** is the call that answers so: CreateInstance where nothing is said, *any* for every call that has no row of
  its own. *worker* marks codes of our own. A code with several rows means something else for each of these calls.
- **Says** is what the API's message must contain, in any case of letters, for a row to apply. Only one code needs that:
  everywhere else the code decides, whatever the words.
- *success* marks a code that says of this call that what was asked for is so already.
- **Known from** names where the meaning comes from; the names are written out under [Sources](#sources). Nothing here
  was tried against the real cloud; *measured* is what an SDK does by itself.

A refusal that outlasts its tries, or that the catalogue does not know, leads to the request's next alternative before
it ends the request. The calls about an instance that exists have no alternative: a code that asks for another offer is
then tried again a few times and ends the step.
"""
_CATEGORIES = {
    "invalid_parameter": "The request says something it must not.",
    "not_found": "The request names something that is not there.",
    "unsupported": "Each part is right, but they do not go together, or not here.",
    "capacity": "Nothing is wrong; there is not enough of it.",
    "quota": "A limit of the account or of one of its resources is reached.",
    "account": "The account has to be put in order first.",
    "permission": "The worker's role, or the account, may not do this.",
    "authentication": "The worker's credentials are refused. Requests wait; an alarm is logged once per invocation.",
    "state": "Something is between two states, or in the wrong one.",
    "throttled": "Too many calls. Requests wait; the budget of calls halves and grows back slowly.",
    "internal": "The service failed, or did not answer.",
    "timeout": "Our own: the request's time is over.",
    "vanished": "Our own: the instance is gone.",
    "policy": "Our own: the deployment's policy, or an operator's pause, stood in the way.",
    "cancelled": "Our own: an operator took the request back.",
}


def errors_page() -> str:
    """Return the page."""
    sections = [_HEAD]
    for category, summary in _CATEGORIES.items():
        sections.append(f"## {category}\n\n{summary}\n\n{_table(_COLUMNS, _rows(category))}")
    sections += [_unknown_codes(), _policies(), _sources()]
    return "\n".join(sections)


def _rows(category: str) -> list[tuple[str, ...]]:
    """Return a category's rows by code; statuses with the same meaning share one."""
    statuses: dict[tuple[str, ...], list[str]] = {}
    for entry in _every_entry():
        if entry.verdict.category == category:
            statuses.setdefault(_meaning(entry), []).append(str(entry.status or ""))
    rows = [(", ".join(found), *meaning) for meaning, found in statuses.items()]
    return sorted(rows, key=lambda row: (row[1].lower(), row[0]))


def _every_entry() -> Iterator[Entry]:
    yield from entries()
    for code in load()["codes"]:
        yield from special(code)


_COLUMNS = ("Status", "Code", "From", "Says", "Retry", "Parameter", "What to do", "Known from")


def _meaning(entry: Entry) -> tuple[str, ...]:
    where = "" if entry.calls == ("CreateInstance",) else ", ".join(entry.calls)
    parameter = entry.verdict.parameter
    retry = "success" if entry.success else _retry(entry.verdict)
    return (
        f"`{entry.code}`", where, entry.words, retry, f"`{parameter}`" if parameter else "", entry.verdict.remedy,
        "; ".join(entry.sources),
    )  # fmt: skip


def _retry(meaning: Verdict) -> str:
    token = f", {meaning.token.value}" if meaning.retry is Retry.LATER else ""
    return f"{meaning.retry.value}{token}{' ?' if meaning.unknown else ''}"


def _unknown_codes() -> str:
    text = (
        "## Codes that are not listed\n\n"
        "A part that begins with `Throttling` makes a code throttled, one that begins with `Quota` a quota, in this\n"
        "order and before anything else. Then the longest of these prefixes decides, in whole parts between dots:\n\n"
    )
    families = load()["families"].items()
    statuses = load()["statuses"].items()
    prefixes = _table(
        ("Prefix", "Category", "Retry", "What to do"), (_meaning_row(f"`{name}`", entry) for name, entry in families)
    )
    last = _table(
        ("Status", "Category", "Retry", "What to do"),
        (
            _meaning_row({"none": "no answer", "answered": "below 400"}.get(name, name), entry)
            for name, entry in statuses
        ),
    )
    existing = load()["existing"]
    instead = _table(
        ("Category", "Retry", "What to do"),
        (_meaning_row("", answer)[1:] for answer in existing["answers"].values()),
    )
    return (
        f"{text}{prefixes}\nWithout such a prefix the HTTP status decides:\n\n{last}\n"
        "What asks for an alternative, and has no row for the call it comes from, means instead when the call is\n"
        f"about an instance ({', '.join(existing['calls'])}):\n\n{instead}"
    )


def _meaning_row(name: str, entry: dict[str, object]) -> tuple[str, ...]:
    meaning = verdict(entry)
    return (name, meaning.category, _retry(meaning), meaning.remedy)


def _sources() -> str:
    rows = ((name, text) for name, text in load()["sources"].items())
    return f"## Sources\n\n{_table(('Name', 'Source'), rows)}"


def _policies() -> str:
    text = (
        "## How long is waited\n\n"
        "Waits double from the first to the longest; chance takes off up to the share given. Where the service's own\n"
        "`x-acs-retry-after` counts, it replaces ours and chance only adds to it. Waits of up to\n"
        f"{INLINE_SECONDS:g} s are sat out inside the invocation, longer ones are left to a copy of the message.\n\n"
    )
    rows = (
        (
            name,
            "until the deadline" if policy.attempts is None else str(policy.attempts),
            f"{policy.base:g} s",
            f"{policy.cap:g} s",
            f"{policy.jitter_share:.0%}",
            "yes" if policy.retry_after else "no",
            "yes" if policy.alternative else "no",
        )
        for name, policy in POLICIES.items()
    )
    columns = (
        "Class",
        "Calls",
        "First wait",
        "Longest wait",
        "Chance",
        "Retry-after counts",
        "Then an alternative",
    )
    return text + _table(columns, rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)
