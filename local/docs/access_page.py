"""The text of docs/access.md: where a command works, whose keys it uses, and what these keys need."""

from __future__ import annotations

from local.deployment.permissions import EVERY, MADE, NEEDS, REMOVE, Need

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

The first rows are for every command with `--stack`. The names of the queue actions are those of one message; that they
cover the batch calls is **unverified**.

"""


OWN = Need(("what the function's own role may do",), "see `template.yml`: the function runs here, with these keys", ())

_MADE = f"""

`provisioner doctor --policy` prints all of it as one RAM policy, with what ROS does in the name of whoever runs
`deploy` (below, and `{REMOVE}` to remove a stack). Names are the template's defaults: with another `NamePrefix` or
`--bucket`, change them in the policy. Which actions ROS needs is **unverified**: the check `operator-policy` of
`provisioner doctor` asks ROS for its own list. Whoever may make roles and policies of the prefix can give them any
right: hand this policy only to those who administer the account anyway, and to all others what their commands need.

"""


def access_page() -> str:
    """Return the page."""
    rows = [("every command", EVERY), *((f"`{name}`", needs or (OWN,)) for name, needs in NEEDS.items())]
    lines = [
        f"| {name if number == 0 else ''} | {_actions(need)} | {need.on} |"
        for name, needs in rows
        for number, need in enumerate(needs)
    ]
    made = [f"| `{kind}` | {', '.join(actions)} |" for kind, actions in MADE.items()]
    return (
        _HEAD + "\n".join(["| command | action | on |", "| --- | --- | --- |", *lines])
        + _MADE + "\n".join(["| resource | actions |", "| --- | --- |", *made]) + "\n"
    )  # fmt: skip


def _actions(need: Need) -> str:
    return (f"{need.when}: " if need.when else "") + ", ".join(need.actions)
