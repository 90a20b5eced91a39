"""The receivers of pushes, and what somebody who is not MNS sends them."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
import time
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from local.cloud.cloud import Cloud
from local.cloud.mns.push_signing import CERTIFICATE_PATH, PushSigner, content_md5
from local.cloud.server import running
from local.project import ROOT
from tests.support.examples import LANGUAGES, NODE, Language, without_node

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PATH = "/outcomes?token=1"
BODY = json.dumps(
    {
        "id": "a", "type": "provisioning.instance.completed", "subject": "a",
        "data": {"requestId": "a", "instance": None, "dryRun": True},
    }
).encode()  # fmt: skip


def signed(signer: PushSigner, cloud_url: str, **change: str) -> dict[str, str]:
    """Return the headers of a push of BODY to PATH, signed last."""
    headers = {
        "content-md5": content_md5(BODY, "SIMPLIFIED"),
        "content-type": "text/plain;charset=utf-8",
        "date": formatdate(time.time(), usegmt=True),
        "x-mns-version": "2015-06-06",
        "x-mns-message-tag": "completed",
        "x-mns-signing-cert-url": base64.b64encode(f"{cloud_url}{CERTIFICATE_PATH}".encode()).decode(),
    } | {name.replace("_", "-"): value for name, value in change.items()}
    return headers | {"authorization": signer.sign("POST", PATH, headers)}


def push(url: str, headers: dict[str, str], body: bytes = BODY, path: str = PATH) -> int:
    """Push and return the status of the answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@LANGUAGES
def test_a_forged_push_is_refused(language: Language, tmp_path: Path) -> None:
    """Only what MNS signed, as it signed it and in time, is handled; the rest is answered with 403."""
    cloud, service = language.place.cloud, language.place.url
    signer = cloud.mns.signer
    good = signed(signer, service)
    forger = Cloud()
    with (tmp_path / "errors").open("w") as errors, language.serving("receive_pushes", errors) as (url, lines):
        assert push(url, good, BODY.replace(b'"a"', b'"b"')) == 403
        assert push(url, good, path="/outcomes?token=2") == 403
        assert push(url, good | {"x-mns-message-tag": "failed"}) == 403
        assert push(url, good | {"x-mns-more": "1"}) == 403
        assert push(url, good | {"authorization": "none"}) == 403
        assert push(url, signed(PushSigner(), service)) == 403
        for minutes in (-16, 16):
            date = formatdate(time.time() + 60 * minutes, usegmt=True)
            assert push(url, signed(signer, service, date=date)) == 403
        assert push(url, signed(signer, service, date="soon")) == 403
        for name in ("content-md5", "date", "x-mns-signing-cert-url", "authorization"):
            assert push(url, {key: value for key, value in good.items() if key != name}) == 403
        with running(forger) as elsewhere:
            assert push(url, signed(forger.mns.signer, elsewhere)) == 403
        assert push(url, good) == 204
        assert lines.readline() == "a: the dry run passed\n"
    assert "Traceback" not in (tmp_path / "errors").read_text()


@LANGUAGES
def test_a_foreign_certificate_is_not_even_fetched(language: Language, tmp_path: Path) -> None:
    """The certificate's URL is judged before anything is sent there."""
    forger = Cloud()
    fetched = []

    def asked() -> Cloud:
        fetched.append(1)
        return forger

    with (
        running(asked) as elsewhere,
        (tmp_path / "errors").open("w") as errors,
        language.serving("receive_pushes", errors) as (url, _),
    ):
        assert push(url, signed(forger.mns.signer, elsewhere)) == 403
    assert fetched == []


ENDPOINT = "https://1000000000000001.mns.cn-hangzhou.aliyuncs.com"
THEIRS = (
    "https://mnstest.oss-cn-hangzhou.aliyuncs.com/x509_public_certificate.pem",
    "https://mns-cert.oss-cn-shanghai.aliyuncs.com/x509_public_certificate.pem",
)
NOT_THEIRS = (
    "http://mnstest.oss-cn-hangzhou.aliyuncs.com/x.pem",
    "https://mnstest.oss-cn-hangzhou.aliyuncs.com.example.com/x.pem",
    "https://mnstest.oss-cn-hangzhou.aliyuncs.com@example.com/x.pem",
    "https://mnstest.oss-cn-hangzhou.aliyuncs.com:8443/x.pem",
    "https://user@mnstest.oss-cn-hangzhou.aliyuncs.com/x.pem",
    "https://mnstest-oss-cn-hangzhou.aliyuncs.com/x.pem",
    "https://mns-cert.oss-cn-shanghai.evil.aliyuncs.com/x.pem",
    "https://example.com/mnstest.oss-cn-hangzhou.aliyuncs.com/",
    "http://127.0.0.1:4566/_local/certificate",
    "file:///etc/passwd",
    "not a URL",
)
PYTHON_JUDGES = """
import sys
sys.path.insert(0, sys.argv[1])
import push_signature
for url in sys.argv[3:]:
    try:
        push_signature.check_url(url, sys.argv[2])
    except push_signature.NotFromMns:
        print("no")
    else:
        print("yes")
"""
NODE_JUDGES = """
const [folder, endpoint, ...urls] = process.argv.slice(1);
const { NotFromMns, certificateUrl } = require(`${folder}/push_signature`);
for (const url of urls) {
  try {
    certificateUrl(Buffer.from(url).toString('base64'), endpoint);
    console.log('yes');
  } catch (error) {
    if (!(error instanceof NotFromMns)) throw error;
    console.log('no');
  }
}
"""
JUDGES = pytest.mark.parametrize(
    ("command", "folder"),
    [
        pytest.param([sys.executable, "-c", PYTHON_JUDGES], "python", id="python"),
        pytest.param([str(NODE), "-e", NODE_JUDGES], "node", id="node", marks=without_node),
    ],
)


@JUDGES
def test_the_certificate_s_host(command: list[str], folder: str) -> None:
    """With MNS's own endpoint only the service's documented hosts count, over HTTPS, whole and on the usual port."""
    place = str(ROOT / "examples" / folder)
    arguments = [*command, place, ENDPOINT, *THEIRS, *NOT_THEIRS]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["yes"] * len(THEIRS) + ["no"] * len(NOT_THEIRS)
