"""The text of docs/access.md: where a command works, whose keys it uses, and what these keys need, as data."""

from __future__ import annotations

SEND = ("mns:SendMessage", "the request queue")
RECORD = ("ots:GetRow", "table `provision_requests`")
POLICY = ("ots:GetRow", "table `provision_open`")
TAKE_DEAD = ("mns:ReceiveMessage, mns:ChangeMessageVisibility", "the dead letters")
NEEDS: dict[str, tuple[tuple[str, str], ...]] = {
    "enqueue": (
        SEND,
        (
            "with `--wait`: mns:CreateQueue, mns:DeleteQueue, mns:ReceiveMessage, mns:DeleteMessage",
            "queues `provision-wait-*`",
        ),
        ("with `--wait`: mns:Subscribe, mns:Unsubscribe", "the outcome topic"),
    ),
    "listen": (("mns:ReceiveMessage, mns:DeleteMessage", "the inbox queue"),),
    "status": (RECORD, ("while nothing is bought yet: ots:GetRow", "table `provision_open`")),
    "audit": (
        ("ots:GetRange", "table `provision_open`"),
        RECORD,
        ("ecs:DescribeInstances", "every instance of the regions that are looked at"),
    ),
    "policy show": (POLICY,),
    "policy set": (POLICY, ("ots:PutRow", "table `provision_open`")),
    "policy check": (POLICY,),
    "cancel": (
        ("ots:GetRow, ots:PutRow", "table `provision_requests`"),
        ("ots:PutRow", "table `provision_open`"),
    ),
    "pause": (("ots:GetRow, ots:PutRow", "table `provision_open`"),),
    "resume": (("ots:GetRow, ots:PutRow", "table `provision_open`"),),
    "dlq list": (TAKE_DEAD, RECORD),
    "dlq show": (TAKE_DEAD, RECORD),
    "dlq replay": (TAKE_DEAD, RECORD, ("mns:DeleteMessage", "the dead letters"), SEND),
    "invoke": (("what the function's own role may do", "see `template.yml`: the function runs here, with these keys"),),
}
"""Each command that works in the account: actions, and on what. `EVERY` comes on top."""
EVERY = (
    ("ros:ListStacks", "stacks of the region: a stack is found by its name"),
    ("ros:GetStack", "the deployment's stack"),
    ("sts:GetCallerIdentity", "nothing: every key may ask who it is"),
)

_HEAD = """\
# Where a command works, and with whose keys

Made from `local/docs/access_page.py` by `make docs`.

A command works at one place, said the same way for all:

- `--endpoint http://127.0.0.1:4566`: a local cloud. Keys, region and names are its own, and it tells where its worker
  keeps the records; `--store` and `--data` overrule that. Keys of the account are never sent there.
- `--stack NAME`: a deployment in the account. Queues, inbox, dead letters, tables and the deployment's name are outputs
  of the ROS stack; exported `PROVISIONER_*` settings do not change them.
- Neither: `PROVISIONER_ENDPOINT` or `PROVISIONER_STACK`. Without these, too, the command ends with 2; only `invoke`
  then has a local cloud of its own. `status --data DIR` alone reads a SQLite store without any cloud.

With `--stack` the keys are those of `--profile`, a profile of the aliyun CLI, of any of its kinds (AK, StsToken,
RamRoleArn, EcsRamRole, OIDC, CloudSSO, External ...). Without `--profile` the official credentials library looks, in
this order, at `ALIBABA_CLOUD_ACCESS_KEY_ID` and so on, OIDC (`ALIBABA_CLOUD_ROLE_ARN`,
`ALIBABA_CLOUD_OIDC_PROVIDER_ARN`, `ALIBABA_CLOUD_OIDC_TOKEN_FILE`), the CLI's current profile, the SDKs' own
credentials file, and the RAM role of the ECS instance it runs on. The region is `--region`, else the profile's, else
`ALIBABA_CLOUD_REGION_ID`, else the current profile's.

The stack is asked for at `ros.aliyuncs.com`, the account at `sts.aliyuncs.com`, over HTTPS. Tests run these calls
through the SDK's core against the local cloud, which checks their signatures; against a live account they are
**unverified**. A store that is closed to everything outside its VPC answers from inside only.

## What the keys need

The first rows for every command with `--stack`. The names of the queue actions are those of one message; that they
cover the batch calls is **unverified**.

"""


def access_page() -> str:
    """Return the page."""
    rows = [("every command", EVERY), *((f"`{name}`", needs) for name, needs in NEEDS.items())]
    lines = [
        f"| {name if number == 0 else ''} | {action} | {on} |"
        for name, needs in rows
        for number, (action, on) in enumerate(needs)
    ]
    return _HEAD + "\n".join(["| command | action | on |", "| --- | --- | --- |", *lines]) + "\n"
