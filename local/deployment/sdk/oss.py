"""Buckets and objects, through the OSS client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.deployment.ports import NoAnswer, Refused
from local.deployment.sdk.client import clean, load

if TYPE_CHECKING:
    from local.runtime.access import Access

CONNECT_SECONDS, ANSWER_SECONDS = 15, 120
"""A package is 18 MB: an answer can take a while."""
GONE = 404
ACTIONS = {
    "get_bucket_info": "oss:GetBucketInfo", "put_bucket": "oss:PutBucket", "head_object": "oss:GetObject",
    "put_object": "oss:PutObject",
}  # fmt: skip
"""The client's methods in use, and what policies call them. HeadObject is a GetObject there."""


class OssObjects:
    """See `ports.Objects`."""

    def __init__(self, access: Access) -> None:
        self._oss = load("alibabacloud_oss_v2")
        self._access = access
        keys = self._oss.credentials.StaticCredentialsProvider(
            access.access_key_id, access.access_key_secret, access.security_token or None
        )
        self._client = self._oss.Client(
            self._oss.config.Config(
                region=access.region,
                credentials_provider=keys,
                connect_timeout=CONNECT_SECONDS,
                readwrite_timeout=ANSWER_SECONDS,
                retry_max_attempts=1,
                enabled_redirect=False,
            )
        )

    def bucket_region(self, bucket: str) -> str | None:
        """See the port."""
        asked = self._oss.GetBucketInfoRequest(bucket=bucket)
        found = self._call("get_bucket_info", asked, absent="NoSuchBucket")
        return str(found.bucket_info.location).removeprefix("oss-") if found else None

    def make_bucket(self, bucket: str) -> None:
        """See the port."""
        self._call("put_bucket", self._oss.PutBucketRequest(bucket=bucket, acl="private"))

    def has(self, bucket: str, key: str, size: int) -> bool:
        """See the port."""
        found = self._call("head_object", self._oss.HeadObjectRequest(bucket=bucket, key=key), absent="NoSuchKey")
        return found is not None and found.content_length == size

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """See the port. The client compares a CRC-64 of what arrived."""
        self._call("put_object", self._oss.PutObjectRequest(bucket=bucket, key=key, body=content))

    def _call(self, method: str, request: Any, *, absent: str = "") -> Any:
        errors = self._oss.exceptions
        try:
            return getattr(self._client, method)(request)
        except Exception as error:  # noqa: BLE001 - the SDK wraps whatever its transport raises, URLs included
            cause = error.unwrap() if isinstance(error, errors.OperationError) else error
            if not isinstance(cause, errors.ServiceError):
                raise NoAnswer(ACTIONS[method], type(cause).__name__) from None
            code = cause.code if cause.code != "BadErrorResponse" else ""
            # The answer to a HEAD has no body to say a code in.
            if absent and (code == absent or (not code and cause.status_code == GONE)):
                return None
            raise Refused(
                ACTIONS[method], code or f"HTTP {cause.status_code}", clean(str(cause.message or ""), self._access)
            ) from None
