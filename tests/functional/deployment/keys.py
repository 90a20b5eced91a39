"""What the environment says of an account in these tests."""

from __future__ import annotations

from local import defaults

KEYS = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "sample-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "Sample-Passw0rd",
    "ALIBABA_CLOUD_REGION_ID": defaults.REGION,
}  # fmt: skip
