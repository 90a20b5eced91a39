"""Every shape of answer that ECS, or a network in between, can give to the real SDK."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import traceback
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest

from shared.adapters.ecs.client import FEW_PAGES, Ecs
from shared.adapters.ecs.transport import LONGEST_ANSWER
from shared.domain.errors.catalogue import classify
from shared.logs import silence_sdks
from shared.ports import ApiFailure, Created
from shared.settings import Credentials
from tests.support.scripted_server import Script, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.errors.model import ApiError

PASSWORD = "Hunter2+/ &%ä"
USER_DATA = "IyEvYmluL3NoCmVjaG8gc2VjcmV0Cg=="
SECRET = "very-secret-key"
TOKEN = "sts-token/+=="
PARAMETERS = {
    "RegionId": "cn-hangzhou",
    "InstanceType": "ecs.g6.large",
    "ImageFamily": "f",
    "Password": PASSWORD,
    "UserData": USER_DATA,
    "ClientToken": "token-1",
}
KEYS = Credentials("key-id", SECRET, TOKEN)


@pytest.fixture
def script() -> Iterator[Script]:
    """Return a server to be told what to answer."""
    with scripted() as script:
        yield script


@pytest.fixture
def ecs(script: Script) -> Ecs:
    """Return the adapter, talking to the script."""
    return Ecs(KEYS, call_seconds=1.5, endpoint=script.url)


def failure(ecs: Ecs) -> ApiError:
    """Create, expect a failure, check that no secret is in it, and return what it says."""
    with pytest.raises(ApiFailure) as caught:
        ecs.create(PARAMETERS)
    assert_no_secret("".join(traceback.format_exception(caught.value)))
    assert_no_secret(repr(caught.value.error))
    assert caught.value.__context__ is None
    return caught.value.error


def assert_no_secret(text: str) -> None:
    """Fail when a secret is in the text, as it is or as a URL or JSON writes it."""
    for secret in (PASSWORD, USER_DATA, SECRET, TOKEN):
        for spelling in (secret, quote_plus(secret), json.dumps(secret)[1:-1]):
            assert spelling not in text


def refusal(code: str, message: str) -> str:
    """Return the body of a refusal as ECS writes it."""
    return json.dumps({"Code": code, "Message": message, "RequestId": "req-1", "HostId": "ecs.aliyuncs.com"})


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "InvalidInstanceType.ValueNotSupported"),
        (403, "OperationDenied.NoStock"),
        (404, "InvalidImageId.NotFound"),
        (429, "Throttling"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
    ],
)
def test_a_refusal(script: Script, ecs: Ecs, status: int, code: str) -> None:
    """A refusal keeps its status, code, request id and the API's own words, not the SDK's decoration of them."""
    script.answer(status, refusal(code, "The words of the API."))
    error = failure(ecs)
    assert (error.action, error.http_status, error.code) == ("CreateInstance", status, code)
    assert (error.message, error.request_id, error.retry_after) == ("The words of the API.", "req-1", None)


@pytest.mark.parametrize(("milliseconds", "seconds"), [("1500", 1.5), ("0", None), ("soon", None)])
def test_throttled(script: Script, ecs: Ecs, milliseconds: str, seconds: float | None) -> None:
    """The wait an answer asks for comes in milliseconds and is handed on in seconds."""
    script.answer(400, refusal("Throttling.User", "slow down"), x_acs_retry_after=milliseconds)
    error = failure(ecs)
    assert (error.http_status, error.code, error.retry_after) == (400, "Throttling.User", seconds)


def test_words_that_repeat_a_secret(script: Script, ecs: Ecs) -> None:
    """The API's own words may quote what it was given; the secrets in it are masked, the rest stays, bounded."""
    script.answer(
        400, refusal("InvalidPassword.Malformed", f"{PASSWORD} and {quote_plus(PASSWORD)} {SECRET}" + "x" * 5000)
    )
    error = failure(ecs)
    assert error.message.startswith("*** and *** ***xxx")
    assert len(error.message) == 1000


def test_words_in_lower_case(script: Script, ecs: Ecs) -> None:
    """Gateways in between write `code` and `message` in lower case."""
    script.answer(403, json.dumps({"code": "Forbidden", "message": "no", "requestId": "r"}))
    error = failure(ecs)
    assert (error.code, error.message, error.request_id) == ("Forbidden", "no", "r")


@pytest.mark.parametrize("body", ["{}", '{"Message": null}'])
def test_a_refusal_without_a_code(script: Script, ecs: Ecs, body: str) -> None:
    """A refusal that names no code has an empty one, not the word None."""
    script.answer(503, body)
    error = failure(ecs)
    assert (error.http_status, error.code, error.message, error.request_id) == (503, "", "", None)


ODD = {
    "empty success": (200, ""),
    "no JSON": (200, "ok"),
    "JSON, no object": (200, "[1]"),
    "JSON null": (200, "null"),
    "no instance id": (200, '{"RequestId": "r"}'),
    "empty instance id": (200, '{"InstanceId": ""}'),
    "redirect": (307, ""),
    "not modified": (304, ""),
}


@pytest.mark.parametrize(("status", "body"), ODD.values(), ids=ODD)
def test_an_answer_that_says_nothing(script: Script, ecs: Ecs, status: int, body: str) -> None:
    """What is no refusal and no answer in the API's own form leaves the effect unknown."""
    script.answers.append(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode())
    error = failure(ecs)
    assert (error.http_status, error.code, error.sent) == (None, "", True)


HTML = f"<html>{PASSWORD}</html>"
FOREIGN = {
    "too long a URL": (414, HTML, "invalid_parameter", False),
    "too large a body": (413, HTML, "invalid_parameter", False),
    "blocked": (403, HTML, "permission", False),
    "no such method": (405, HTML, "unsupported", False),
    "no such body": (415, HTML, "unsupported", False),
    "proxy wants a password": (407, HTML, "permission", False),
    "nothing there": (404, "", "not_found", False),
    "error that is a list": (400, "[1]", "invalid_parameter", False),
    "error that is text": (400, '"no"', "invalid_parameter", False),
    "error that is endless": (400, "[" * 100_000, "invalid_parameter", False),
    "teapot": (418, HTML, "invalid_parameter", False),
    "too many": (429, HTML, "throttled", False),
    "waited in vain": (408, HTML, "internal", True),
    "bad gateway": (502, HTML, "internal", True),
    "gateway time-out": (504, "", "internal", True),
    "empty error": (500, "", "internal", True),
}


@pytest.mark.parametrize(("status", "body", "category", "unknown"), FOREIGN.values(), ids=FOREIGN)
def test_an_error_that_is_not_the_apis(
    script: Script, ecs: Ecs, status: int, body: str, category: str, *, unknown: bool
) -> None:
    """What a gateway answers is judged by its status: 4xx is definite, but for 408 and 429; 5xx is unknown."""
    script.answer(status, body, content_type="text/html")
    error = failure(ecs)
    assert (error.http_status, error.code, error.sent) == (status, "", True)
    assert (classify(error).category, classify(error).unknown) == (category, unknown)


def test_a_connection_that_ends(script: Script, ecs: Ecs) -> None:
    """A connection that ends without an answer: unknown, and asked once only."""
    script.answers.append(b"")
    assert failure(ecs).http_status is None
    assert len(script.requests) == 1


def test_an_answer_that_is_cut(script: Script) -> None:
    """Half a body is no answer."""
    script.answers.append(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"InstanceId": "i-1"')
    script.answers.append(b"")
    error = failure(Ecs(KEYS, call_seconds=1, endpoint=script.url))
    assert error.http_status is None
    assert len(script.requests) == 1


def test_no_answer_in_time(script: Script) -> None:
    """A silent server is waited for no longer than the setting says, and is not asked again."""
    script.answers.append(None)
    error = failure(Ecs(KEYS, call_seconds=0.6, endpoint=script.url))
    assert error.http_status is None
    assert error.message.startswith("ReadTimeout: ")
    assert len(script.requests) == 1


@pytest.mark.parametrize(("parameters", "url"), [("body", "url: / "), ("query", "url: /?***")])
def test_nobody_there(parameters: str, url: str) -> None:
    """A refused connection says so; where the URL has a query, Password is in it, and it is not shown."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(Ecs(KEYS, call_seconds=1, endpoint=f"http://127.0.0.1:{port}", parameters=parameters))
    assert error.http_status is None
    assert error.message.startswith("ConnectionError: ")
    assert "Connection refused" in error.message
    assert url in error.message


def test_a_name_that_does_not_exist() -> None:
    """A region whose host has no address is no answer, too."""
    error = failure(Ecs(KEYS, call_seconds=1, endpoint="https://ecs.invalid"))
    assert error.http_status is None


def test_success(script: Script, ecs: Ecs) -> None:
    """What CreateInstance answers comes back typed; unknown fields do not matter."""
    script.answer(200, '{"InstanceId": "i-1", "OrderId": "o-1", "TradePrice": 0.165, "RequestId": "r", "New": [1]}')
    assert ecs.create(PARAMETERS) == Created("i-1", "o-1", 0.165)


@pytest.mark.parametrize("place", ["body", "query"])
def test_what_goes_out(script: Script, place: str) -> None:
    """Flat names go out as they are documented; nested ones, lists, numbers, booleans and text alike."""
    ecs = Ecs(KEYS, call_seconds=1.5, endpoint=script.url, parameters=place)
    given = {
        "RegionId": "cn-hangzhou",
        "InstanceType": "ecs.g6.large",
        "ImageId": "image",
        "DryRun": False,
        "DeletionProtection": True,
        "SpotPriceLimit": 0.25,
        "SystemDisk.Size": 40,
        "SystemDisk.Category": "cloud_essd",
        "PrivatePoolOptions.MatchCriteria": "Open",
        "HibernationOptions.Configured": False,
        **{f"DataDisk.{n}.Size": 20 + n for n in range(1, 17)},
        "Tag.1.Key": "provisioner:request",
        "Tag.1.Value": "test/order-1 ä",
        "Arn.1.Rolearn": "acs:ram::1:role/x",
        "UserData": "a+b/c==",
        "ClientToken": "t",
    }
    script.answer(200, '{"InstanceId": "i-1"}')
    ecs.create(given)
    (request,) = script.requests
    places = {"query": urlsplit(request.split()[1].decode()).query, "body": request.rpartition(b"\r\n\r\n")[2].decode()}
    text = places.pop(place)
    sent = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
    assert sent == {name: str(value) for name, value in given.items()}
    assert list(places.values()) == [""]


def test_no_call_says_anything_in_its_url(script: Script, ecs: Ecs) -> None:
    """Every call's parameters are in the body: ids, and the tag with the request's id in it, too."""
    instances = json.dumps({"Instances": {"Instance": []}})
    for body in (
        '{"InstanceId": "i-1"}',
        EMPTY_STATUSES,
        instances,
        instances,
        instances,
        "{}",
        '{"IpAddress": "1"}',
        "{}",
    ):
        script.answer(200, body)
    ecs.create(PARAMETERS)
    ecs.statuses("cn-hangzhou", ["i-1"])
    ecs.describe("cn-hangzhou", ["i-1"])
    ecs.find_by_tag("cn-hangzhou", "k", "v")
    ecs.tagged("cn-hangzhou", "k")
    ecs.start("cn-hangzhou", "i-1")
    ecs.allocate_address("cn-hangzhou", "i-1")
    ecs.delete("cn-hangzhou", "i-1")
    assert [request.partition(b"\r\n")[0] for request in script.requests] == [b"POST / HTTP/1.1"] * 8
    for name in (b"authorization", b"x-acs-content-sha256", b"content-type: application/x-www-form-urlencoded"):
        assert all(name in request.lower() for request in script.requests)


def test_debug_of_the_sdk_is_off(
    script: Script, ecs: Ecs, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """DEBUG=sdk would make the SDK write Password and Authorization to stderr, and urllib3 the URL at level DEBUG."""
    monkeypatch.setenv("DEBUG", "sdk")
    logging.getLogger().addHandler(handler := logging.StreamHandler())
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        silence_sdks()
        script.answer(200, '{"InstanceId": "i-1"}')
        ecs.create(PARAMETERS)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
    out, err = capfd.readouterr()
    assert_no_secret(out + err)
    assert "Authorization" not in out + err
    assert quote_plus(PASSWORD)[:8] not in out + err


EMPTY_STATUSES = '{"InstanceStatuses": {"InstanceStatus": []}, "TotalCount": 0, "PageNumber": 1, "PageSize": 50}'


def test_no_statuses_is_an_answer(script: Script, ecs: Ecs) -> None:
    """An empty list says that all ids are absent."""
    script.answer(200, EMPTY_STATUSES)
    assert ecs.statuses("cn-hangzhou", ["i-1"]) == {}


@pytest.mark.parametrize("body", ["{}", '{"InstanceStatuses": null}', '{"InstanceStatuses": {"InstanceStatus": [{}]}}'])
def test_no_list_is_no_answer(script: Script, ecs: Ecs, body: str) -> None:
    """Without its list the answer says nothing; read as "all absent" it would end every request as vanished."""
    script.answer(200, body)
    with pytest.raises(ApiFailure) as caught:
        ecs.statuses("cn-hangzhou", ["i-1"])
    assert caught.value.error.http_status is None


@pytest.mark.parametrize("body", ["{}", '{"Instances": null}'])
def test_no_instances_is_no_answer(script: Script, ecs: Ecs, body: str) -> None:
    """The same for DescribeInstances: "not found" must be said."""
    script.answer(200, body)
    with pytest.raises(ApiFailure):
        ecs.find_by_tag("cn-hangzhou", "k", "v")


def test_more_ids_than_an_answer_holds(ecs: Ecs) -> None:
    """Asking for more ids than the answer can hold is a mistake of the caller's, refused before any call."""
    with pytest.raises(ValueError, match="at most 50"):
        ecs.statuses("cn-hangzhou", [f"i-{n}" for n in range(51)])
    with pytest.raises(ValueError, match="at most 100"):
        ecs.describe("cn-hangzhou", [f"i-{n}" for n in range(101)])


def test_no_ids_no_call(script: Script, ecs: Ecs) -> None:
    """Asked about no id, nothing is asked: ECS would answer with everything there is."""
    assert ecs.statuses("cn-hangzhou", []) == ecs.describe("cn-hangzhou", []) == {}
    assert not script.requests


TAGGED = {"InstanceId": "i-1", "Status": "Running", "Tags": {"Tag": [{"TagKey": "k", "TagValue": "v"}]}}


def test_endless_paging_ends(script: Script, ecs: Ecs) -> None:
    """A NextToken that repeats ends the paging instead of turning for ever."""
    page = json.dumps({"Instances": {"Instance": [TAGGED]}, "NextToken": "again"})
    for _ in range(3):
        script.answer(200, page)
    assert len(ecs.find_by_tag("cn-hangzhou", "k", "v")) == 2


@pytest.mark.parametrize("instances", [[], [TAGGED]])
def test_ever_new_pages_end(script: Script, ecs: Ecs, instances: list[object]) -> None:
    """A NextToken that is new on every page ends the paging, too: such an answer tells nothing."""
    for number in range(FEW_PAGES + 1):
        script.answer(200, json.dumps({"Instances": {"Instance": instances}, "NextToken": f"t{number}"}))
    with pytest.raises(ApiFailure) as caught:
        ecs.find_by_tag("cn-hangzhou", "k", "v")
    assert classify(caught.value.error).unknown
    assert len(script.requests) == FEW_PAGES


@pytest.mark.parametrize("tags", [None, {"Tag": []}, {"Tag": [{"TagKey": "k", "TagValue": "another"}]}])
def test_an_instance_without_the_tag_is_neither_found_nor_absent(script: Script, ecs: Ecs, tags: object) -> None:
    """An answer that shows what was not asked for is none: no foreign instance is adopted, and no absence believed."""
    foreign = {"InstanceId": "i-foreign", "Status": "Running", "Tags": tags}
    script.answer(200, json.dumps({"Instances": {"Instance": [TAGGED, foreign]}}))
    with pytest.raises(ApiFailure) as caught:
        ecs.find_by_tag("cn-hangzhou", "k", "v")
    assert classify(caught.value.error).unknown


@pytest.mark.parametrize("odd", [5, ["i-1"], {"a": 1}, True, "i-1\n", "i-\ud800", "i-" + "1" * 127])
def test_an_id_that_is_none(script: Script, ecs: Ecs, odd: object) -> None:
    """An id that no later call and no record could carry is no answer, so the instance is looked for by its tag."""
    script.answer(200, json.dumps({"InstanceId": odd}))
    error = failure(ecs)
    assert (error.http_status, classify(error).unknown) == (None, True)


@pytest.mark.parametrize(
    ("price", "told"),
    [
        (1.5, 1.5),
        ("1.5", 1.5),
        (float("nan"), None),
        (float("inf"), None),
        ("1e999", None),
        ([1], None),
        (10**400, None),
    ],
)
def test_a_price_that_cannot_be_told(script: Script, ecs: Ecs, price: object, told: float | None) -> None:
    """What is no finite number is no price, and no reason to lose the instance: an outcome's JSON has no NaN."""
    script.answer(200, json.dumps({"InstanceId": "i-1", "TradePrice": price, "OrderId": 12}))
    assert ecs.create(PARAMETERS) == Created("i-1", "12", told)


ODD_INSTANCES = {
    "status": {"Status": 5},
    "type": {"InstanceType": ["t"]},
    "zone": {"ZoneId": 5},
    "endless zone": {"ZoneId": "z" * 50_000},
    "time": {"CreationTime": 5},
    "address in letters": {"PublicIpAddress": {"IpAddress": "1.2.3.4"}},
    "address": {"PublicIpAddress": {"IpAddress": [1]}},
}


@pytest.mark.parametrize("odd", ODD_INSTANCES.values(), ids=ODD_INSTANCES)
def test_an_instance_of_other_types(script: Script, ecs: Ecs, odd: dict[str, object]) -> None:
    """An instance that is described in other types is not described: an outcome keeps to its schema."""
    script.answer(200, json.dumps({"Instances": {"Instance": [CLASSIC | odd]}}))
    with pytest.raises(ApiFailure) as caught:
        ecs.describe("cn-hangzhou", ["i-1"])
    assert caught.value.error.http_status is None


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_unpacks_without_end(script: Script, ecs: Ecs, status: int) -> None:
    """An answer is read up to a length, unpacked; an error's status is known all the same."""
    packed = gzip.compress(b"{" + b" " * (LONGEST_ANSWER + 1) + b"}")
    head = f"HTTP/1.1 {status} X\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    script.answers.append(head.encode() + packed)
    assert failure(ecs).http_status == (status if status >= 400 else None)


def test_a_wait_of_many_digits(script: Script, ecs: Ecs) -> None:
    """However long an answer asks to be left alone, it is a refusal like any other."""
    script.answer(429, refusal("Throttling.Api", "slow down"), x_acs_retry_after="9" * 400)
    assert failure(ecs).retry_after == 86_400


CLASSIC = {
    "InstanceId": "i-1",
    "Status": "Running",
    "InnerIpAddress": {"IpAddress": ["10.0.0.1"]},
    "PublicIpAddress": {"IpAddress": ["1.2.3.4"]},
}
ELASTIC = {
    "InstanceId": "i-1",
    "Status": "Stopped",
    "InstanceType": "ecs.g6.large",
    "ZoneId": "cn-hangzhou-h",
    "CreationTime": "2026-11-24T00:00Z",
    "VpcAttributes": {"PrivateIpAddress": {"IpAddress": ["192.168.0.1", "192.168.0.2"]}},
    "PublicIpAddress": {"IpAddress": []},
    "EipAddress": {"IpAddress": "5.6.7.8"},
    "Tags": {"Tag": [{"TagKey": "k", "TagValue": "v"}]},
}
BARE = {"InstanceId": "i-1", "Status": "Pending"}


@pytest.mark.parametrize(
    ("instance", "private", "public"),
    [
        (CLASSIC, ("10.0.0.1",), "1.2.3.4"),
        (ELASTIC, ("192.168.0.1", "192.168.0.2"), "5.6.7.8"),
        (BARE, (), None),
    ],
    ids=["classic network", "elastic address", "nothing yet"],
)
def test_addresses(
    script: Script, ecs: Ecs, instance: dict[str, object], private: tuple[str, ...], public: str
) -> None:
    """Addresses are found wherever the network type puts them; a new instance has none yet."""
    script.answer(200, json.dumps({"Instances": {"Instance": [instance]}, "NextToken": ""}))
    found = ecs.describe("cn-hangzhou", ["i-1"])["i-1"]
    assert (found.private_ip_addresses, found.public_ip_address) == (private, public)
    assert found.tags == ((("k", "v"),) if instance is ELASTIC else ())
