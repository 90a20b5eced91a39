"""Who may call MNS, and what is no MNS request."""

from __future__ import annotations

import http.client
import re
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

from mns.queue import QueueMeta

from local.cloud.core import Key
from tests.functional.cloud.test_mns_queues import code
from tests.support.signing import mns_request

if TYPE_CHECKING:
    from tests.support.clients import Clients


def test_wrong_key_and_wrong_secret(cloud: Clients) -> None:
    """An unknown key and a wrong secret have codes of their own."""
    assert code(cloud.mns(key="nobody").get_queue("q").create, QueueMeta()) == "InvalidAccessKeyId"
    assert code(cloud.mns(secret="wrong").get_queue("q").create, QueueMeta()) == "SignatureDoesNotMatch"
    assert cloud.local("state")["mns"]["queues"] == {}


def test_security_tokens(cloud: Clients) -> None:
    """A temporary key needs its own token, until it expires."""
    cloud.cloud.keys["temporary"] = Key("secret", "token", time.time() + 60)
    cloud.mns("temporary", "secret", "token").get_queue("q").create(QueueMeta())
    assert code(cloud.mns("temporary", "secret").get_queue("q").create, QueueMeta()) == "InvalidSecurityToken"
    cloud.cloud.keys["temporary"] = Key("secret", "token", time.time() - 1)
    again = cloud.mns("temporary", "secret", "token").get_queue("q")
    assert code(again.create, QueueMeta()) == "InvalidSecurityToken"


def call(cloud: Clients, method: str, target: str, body: str = "", **changes: str) -> tuple[int, str]:
    """Make a request signed by hand, then changed; return status and code."""
    connection = http.client.HTTPConnection(cloud.url.removeprefix("http://"), timeout=5)
    try:
        connection.request(method, target, body.encode(), mns_request(method, target, **changes))
        answer = connection.getresponse()
        found = re.search(r"<Code>(.*)</Code>", answer.read().decode())
    finally:
        connection.close()
    return answer.status, found[1] if found else "OK"


def test_by_hand(cloud: Clients) -> None:
    """A request signed by hand passes; each way to spoil it has its code."""
    assert call(cloud, "PUT", "/queues/q", "<Queue/>") == (201, "OK")
    late, early = (formatdate(time.time() + seconds, usegmt=True) for seconds in (-1000, 1000))
    assert call(cloud, "GET", "/queues/q", date=late) == (408, "TimeExpired")
    assert call(cloud, "GET", "/queues/q", date=early) == (408, "TimeExpired")
    assert call(cloud, "GET", "/queues/q", date="yesterday") == (400, "InvalidDateHeader")
    assert call(cloud, "GET", "/queues/q", authorization="") == (400, "MissingAuthorizationHeader")
    assert call(cloud, "GET", "/queues/q", authorization="Basic abc") == (400, "InvalidAuthorizationHeader")
    assert call(cloud, "PUT", "/queues/q", "<Queue/>", content_md5="AAAA") == (400, "InvalidDegist")


def test_what_is_no_request(cloud: Clients) -> None:
    """Unknown places and bodies that are no XML are refused loudly; entities are not expanded."""
    assert call(cloud, "PUT", "/queues/q", "<Queue/>") == (201, "OK")
    assert call(cloud, "PATCH", "/queues/q") == (400, "InvalidRequestURL")
    assert call(cloud, "PUT", "/queues/not_a_name", "<Queue/>") == (400, "InvalidRequestURL")
    assert call(cloud, "POST", "/queues/q/messages", "<Message") == (400, "MalformedXML")
    entity = '<!DOCTYPE m [<!ENTITY e "x">]><Message><MessageBody>&e;</MessageBody></Message>'
    assert call(cloud, "POST", "/queues/q/messages", entity) == (400, "MalformedXML")
    assert call(cloud, "POST", "/queues/q/messages", "<Message/>") == (400, "InvalidArgument")
    assert call(cloud, "DELETE", "/queues/q/messages") == (400, "MissingReceiptHandle")
    assert call(cloud, "PUT", "/queues/q/messages") == (400, "MissingReceiptHandle")
