"""The names and keys of the local cloud (design: default names, everywhere)."""

from __future__ import annotations

ACCOUNT_ID = "1000000000000001"
ACCESS_KEY_ID = "local-access-key"
ACCESS_KEY_SECRET = "local-access-secret"  # noqa: S105 - a fixed key of a cloud that exists on this machine only
DEPLOYMENT = "local"
REGION = "cn-hangzhou"
HOST = "127.0.0.1"
PORT = 4566
DATA = ".provisioner"

QUEUE = "provision-requests"
DEAD_LETTERS = "provision-requests-dlq"
TOPIC = "provision-outcomes"
INBOX = "provision-outcomes-inbox"
TABLESTORE_INSTANCE = "provisioner"
REQUESTS_TABLE = "provision_requests"
OPEN_TABLE = "provision_open"
REQUEST_TAG = "provisioner:request"
