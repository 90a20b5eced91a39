"""The names, keys and places of the local cloud. What the worker names, too, has the worker's default names."""

from __future__ import annotations

from shared.domain import resources, timings

ACCOUNT_ID = "1000000000000001"
ACCESS_KEY_ID = "local-access-key"
ACCESS_KEY_SECRET = "local-access-secret"  # noqa: S105 - a fixed key of a cloud that exists on this machine only
DEPLOYMENT = "local"
REGION = "cn-hangzhou"
STACK_ID = "00000000-0000-4000-8000-000000000001"
HOST = "127.0.0.1"
PORT = 4566
DATA = ".provisioner"

QUEUE = resources.QUEUE
DEAD_LETTERS = f"{QUEUE}-dlq"
TOPIC = resources.TOPIC
INBOX = f"{TOPIC}-inbox"
TABLESTORE_INSTANCE = "provisioner"
REQUESTS_TABLE = resources.REQUESTS_TABLE
OPEN_TABLE = resources.OPEN_TABLE
REQUEST_TAG = timings.REQUEST_TAG

CLOUD = {
    "region": REGION, "accountId": ACCOUNT_ID, "accessKeyId": ACCESS_KEY_ID, "accessKeySecret": ACCESS_KEY_SECRET,
    "queue": QUEUE, "topic": TOPIC, "inbox": INBOX,
}  # fmt: skip
"""What a client of the local cloud needs beside its endpoint."""
