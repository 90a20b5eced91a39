"""What the local Tablestore refuses, under which status and code."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from local import defaults
from local.cloud.core import Key
from local.cloud.tablestore.signing import md5
from shared.adapters.tablestore.client import connect
from shared.adapters.tablestore.client import tablestore as sdk
from shared.settings import Credentials
from tests.support.tablestore import ALL, DAY, IGNORE, NOT_EXIST, TABLE, create, key, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.tablestore import Things

    Work = Callable[[Things], Any]

LONG = "x" * 1025
HUGE = "x" * (2 * 1024 * 1024 + 1)
Logic = sdk.LogicalOperator


def _batch(things: Things, *items: Any) -> None:
    request = sdk.BatchWriteRowRequest()
    request.add(sdk.TableInBatchWriteRowItem(TABLE, list(items)))
    things.client.batch_write_row(request)


def _composite(operator: Any, count: int) -> Any:
    rule = sdk.CompositeColumnCondition(operator)
    for _ in range(count):
        rule.add_sub_condition(sdk.SingleColumnCondition("v", 1, sdk.ComparatorType.EQUAL))
    return sdk.Condition(IGNORE, rule)


def _put(number: int) -> Any:
    return sdk.PutRowItem(sdk.Row(key(number, "a"), [("v", "x" * 100)]), when(IGNORE))


def _read_many(things: Things, count: int) -> None:
    request = sdk.BatchGetRowRequest()
    request.add(sdk.TableInBatchGetRowItem(TABLE, [key(number, "a") for number in range(count)], max_version=1))
    things.client.batch_get_row(request)


def _put_key(things: Things, *columns: tuple[str, Any]) -> None:
    things.client.put_row(TABLE, sdk.Row(list(columns), [("v", 1)]), when(IGNORE))


REFUSED: dict[str, tuple[Work, int, str]] = {
    "unknown table": (lambda t: t.client.get_row("nothing", key(1, "a"), max_version=1), 404, "OTSObjectNotExist"),
    "table made twice": (lambda t: create(t.client, TABLE), 409, "OTSObjectAlreadyExist"),
    "table name": (lambda t: create(t.client, "1-things"), 400, "OTSParameterInvalid"),
    "time-to-live below a day": (lambda t: create(t.client, "short", DAY - 1), 400, "OTSParameterInvalid"),
    "several versions": (lambda t: create(t.client, "many", versions=2), 400, "OTSParameterInvalid"),
    "key column missing": (lambda t: _put_key(t, ("group", 1)), 400, "OTSInvalidPK"),
    "key column misnamed": (lambda t: _put_key(t, ("group", 1), ("title", "a")), 400, "OTSInvalidPK"),
    "key column of another type": (lambda t: _put_key(t, ("group", "1"), ("name", "a")), 400, "OTSInvalidPK"),
    "key column too long": (lambda t: t.put(1, LONG), 400, "OTSInvalidPK"),
    "infinite key": (lambda t: t.put(sdk.INF_MIN, "a"), 400, "OTSInvalidPK"),
    "attribute too long": (lambda t: t.put(1, "a", v=HUGE), 400, "OTSParameterInvalid"),
    "attribute name": (lambda t: t.put(1, "a", **{"no-name": 1}), 400, "OTSParameterInvalid"),
    "attribute named as a key column": (lambda t: t.put(1, "a", group=1), 400, "OTSParameterInvalid"),
    "too many attributes": (lambda t: t.put(1, "a", **dict.fromkeys(map("c{}".format, range(1025)), 1)), 400,
                            "OTSOutOfColumnCountLimit"),
    "text incremented": (lambda t: (t.put(1, "a", v="x"), t.update(1, "a", increment=[("v", 1)])), 400,
                         "OTSParameterInvalid"),
    "a column incremented and put": (lambda t: t.update(1, "a", increment=[("n", 1)], put=[("n", 2)]), 400,
                                     "OTSParameterInvalid"),
    "an update of nothing": (lambda t: t.update(1, "a"), 400, "OTSParameterInvalid"),
    "a number without end": (lambda t: t.put(1, "a", v=float("inf")), 400, "OTSParameterInvalid"),
    "no number": (lambda t: t.put(1, "a", v=float("nan")), 400, "OTSParameterInvalid"),
    "two conditions negated at once": (lambda t: t.put(1, "a", _composite(Logic.NOT, 2), v=1), 400,
                                       "OTSParameterInvalid"),
    "one condition joined to nothing": (lambda t: t.put(1, "a", _composite(Logic.AND, 1), v=1), 400,
                                        "OTSParameterInvalid"),
    "129 columns wanted": (lambda t: t.get(1, "a", columns_to_get=[f"c{number}" for number in range(129)]), 400,
                           "OTSParameterInvalid"),
    "range the wrong way round": (lambda t: t.range(*ALL[::-1]), 400, "OTSParameterInvalid"),
    "backward range the wrong way round": (lambda t: t.range(*ALL, "BACKWARD"), 400, "OTSParameterInvalid"),
    "limit of nothing": (lambda t: t.range(*ALL, limit=0), 400, "OTSParameterInvalid"),
    "no version asked for": (lambda t: t.client.get_row(TABLE, key(1, "a"), max_version=None), 400,
                             "OTSParameterInvalid"),
    "condition": (lambda t: (t.put(1, "a"), t.put(1, "a", when(NOT_EXIST))), 403, "OTSConditionCheckFail"),
    "201 rows written at once": (lambda t: _batch(t, *map(_put, range(201))), 400, "OTSParameterInvalid"),
    "the same row twice in a batch": (lambda t: _batch(t, _put(1), _put(1)), 400, "OTSParameterInvalid"),
    "101 rows read at once": (lambda t: _read_many(t, 101), 400, "OTSParameterInvalid"),
    "unknown operation": (lambda t: t.client.list_table(), 400, "OTSParameterInvalid"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_breaks_a_rule_is_refused(things: Things, name: str) -> None:
    """Every limit and rule has its documented status and code, in a signed answer that the SDK accepts."""
    work, status, code = REFUSED[name]
    with pytest.raises(sdk.OTSServiceError) as caught:
        work(things)
    assert (caught.value.http_status, caught.value.code) == (status, code)
    assert caught.value.request_id


def test_limits_are_not_below_what_is_allowed(things: Things) -> None:
    """The largest allowed key, attribute and batch are taken."""
    things.put(1, LONG[:1024], v=HUGE[: 2 * 1024 * 1024])
    _batch(things, *map(_put, range(200)))
    _read_many(things, 100)
    for part in range(3):  # a row has any number of columns, a request changes 1,024
        things.update(2, "b", put=[(f"c{part}_{number}", 1) for number in range(1024)])


WRONG_CALLERS = {
    "unknown key": (Credentials("nobody", defaults.ACCESS_KEY_SECRET), defaults.TABLESTORE_INSTANCE),
    "wrong secret": (Credentials(defaults.ACCESS_KEY_ID, "wrong"), defaults.TABLESTORE_INSTANCE),
    "token of nobody": (Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET, "token"),
                        defaults.TABLESTORE_INSTANCE),
    "temporary key without its token": (Credentials("role", "role-secret"), defaults.TABLESTORE_INSTANCE),
    "temporary key that is over": (Credentials("over", "role-secret", "token"), defaults.TABLESTORE_INSTANCE),
    "another instance": (Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET), "elsewhere"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_CALLERS)
def test_only_known_callers_come_in(things: Things, name: str) -> None:
    """Keys, tokens and the instance are checked."""
    things.cloud.keys |= {"role": Key("role-secret", "token"), "over": Key("role-secret", "token", time.time() - 1)}
    credentials, instance = WRONG_CALLERS[name]
    client = connect(things.url, instance, credentials, try_seconds=5)
    with pytest.raises(sdk.OTSError) as caught:
        client.describe_table(TABLE)
    assert getattr(caught.value, "code", "OTSAuthFailed") == "OTSAuthFailed"
    assert caught.value.get_http_status() == 403


@pytest.mark.parametrize("region", [None, defaults.REGION])
def test_both_signatures_and_tokens_are_understood(things: Things, region: str | None) -> None:
    """HMAC-SHA1, and V4 when the client names a region; with the security token of a role."""
    things.cloud.keys["role"] = Key("role-secret", "token", time.time() + 60)
    client = sdk.OTSClient(
        things.url, "role", "role-secret", defaults.TABLESTORE_INSTANCE, sts_token="token", region=region,
        retry_policy=sdk.NoRetryPolicy(), enable_native=False,
    )  # fmt: skip
    assert client.describe_table(TABLE).table_meta.table_name == TABLE


TAMPERED: dict[str, tuple[dict[str, str | None], bytes, int, str]] = {
    "body changed": ({}, b"\x0a\x06others", 403, "OTSAuthFailed"),
    "body and digest changed": ({"x-ots-contentmd5": md5(b"\x0a\x06others")}, b"\x0a\x06others", 403, "OTSAuthFailed"),
    "header missing": ({"x-ots-date": None}, b"", 400, "OTSParameterInvalid"),
    "no signature": ({"x-ots-signature": None}, b"", 403, "OTSAuthFailed"),
    "old date": ({"x-ots-date": "2020-01-01T00:00:00.000Z"}, b"", 403, "OTSAuthFailed"),
    "no date": ({"x-ots-date": "yesterday"}, b"", 400, "OTSParameterInvalid"),
    "other version": ({"x-ots-apiversion": "2014-08-08"}, b"", 400, "OTSParameterInvalid"),
    "not protobuf": ({}, b"\xff", 400, "OTSParameterInvalid"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_noticed(things: Things, name: str) -> None:
    """Digest, date, version and signature are checked on the wire itself."""
    changes, body, status, code = TAMPERED[name]
    path, headers, sent = _signed(things, "DescribeTable", TABLE)
    for header, value in changes.items():
        headers.pop(header) if value is None else headers.update({header: value})
    found, answer = _post(things.url + path, headers, body or sent)
    assert (found, code.encode() in answer) == (status, True)


def test_a_garbled_row_is_refused(things: Things) -> None:
    """A plain buffer that fails its checksum is a bad parameter, not a crash."""
    client = things.client
    row = sdk.Row(key(1, "a"), [("v", "text")])
    proto = client.protocol.encoder.encode_request("PutRow", TABLE, row, when(IGNORE), None, None)
    for buffer in (proto.row[:-3], proto.row[:-1] + b"\x00", proto.row.replace(b"text", b"texT"), b"rows"):
        proto.row = buffer
        body = proto.SerializeToString()
        headers = client.protocol._make_request_headers(body, "/PutRow", client._signer, _context(things))  # noqa: SLF001 - the SDK signs by no other door
        status, answer = _post(f"{things.url}/PutRow", headers, body)
        assert (status, b"OTSParameterInvalid" in answer) == (400, True)


def test_other_methods_are_refused(things: Things) -> None:
    """Only POST is spoken."""
    status, answer = _post(f"{things.url}/GetRow", {"x-ots-apiversion": "2015-12-31"}, None)
    assert (status, b"OTSMethodNotAllowed" in answer) == (405, True)


def test_faults_match_on_the_request_id(things: Things) -> None:
    """A fault for one provisioning request leaves the calls for others alone."""
    things.client.create_table(
        sdk.TableMeta("requests", [("requestId", "STRING")]), sdk.TableOptions(-1, 1),
        sdk.ReservedThroughput(sdk.CapacityUnit(0, 0)),
    )  # fmt: skip
    error = {"status": 503, "code": "OTSServerBusy"}
    things.cloud.faults.add({"service": "ots", "action": "GetRow", "match": {"requestId": "b"}, "error": error})
    things.client.get_row("requests", [("requestId", "a")], max_version=1)
    with pytest.raises(sdk.OTSServiceError, match="OTSServerBusy"):
        things.client.get_row("requests", [("requestId", "b")], max_version=1)


def _context(things: Things) -> Any:
    from tablestore.auth import RequestContext

    return RequestContext(things.client.credentials_provider.get_credentials())


def _signed(things: Things, action: str, *arguments: Any) -> tuple[str, dict[str, str], bytes]:
    client = things.client
    path, headers, body = client.protocol.make_request(action, client._signer, _context(things), *arguments)  # noqa: SLF001 - as above
    return path, headers, body


def _post(url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
