"""Wrong uses of the command line, as data: arguments, what the error must say, and how it ends.

In the arguments `{cloud}` is a local cloud without a worker, `{html}` a web server, `{garbage}` a server that speaks no
HTTP, `{closed}` one that hangs up, `{json}` a server with JSON of its own, `{tmp}` an empty folder, `{binary}` a file
that is no text, `{empty}` an empty one. Every error names the next step: the last of its words.
"""

from __future__ import annotations

from typing import NamedTuple

from local.project import EVENTS

PLAIN = str(EVENTS / "messages/plain.json")
MALFORMED = str(EVENTS / "messages/malformed.txt")
TIMER = str(EVENTS / "triggers/timer.json")
NOWHERE = "http://127.0.0.1:9"
HELP = "--help"


class Wrong(NamedTuple):
    """One wrong use."""

    arguments: tuple[str, ...]
    words: tuple[str, ...]
    exit_code: int = 2
    environ: tuple[tuple[str, str], ...] = ()


def wrong(command: str, *words: str, exit_code: int = 2, **environ: str) -> Wrong:
    """Return a wrong use; the command is split at spaces."""
    arguments = tuple(
        word.replace("PLAIN", PLAIN).replace("TIMER", TIMER).replace("MALFORMED", MALFORMED) for word in command.split()
    )
    return Wrong(arguments, words, exit_code, tuple(environ.items()))


LISTEN = "listen --count 1 --timeout 1 --endpoint"

WRONG_USES = [
    # Names and options that are not there.
    wrong("no-such-command", "No such command", HELP),
    wrong("dlq no-such", "No such command", HELP),
    wrong("--no-such-option", "No such option", HELP),
    wrong("enqueue", "Missing argument", HELP),
    wrong("status", "Missing argument", HELP),
    wrong("validate", "Missing argument", HELP),
    wrong("explain", "Missing argument", HELP),
    wrong("dlq show", "Missing argument", HELP),
    wrong("cancel", "Missing argument", HELP),
    wrong("pause", "Missing option", "--reason", HELP),
    wrong("resume", "say where", "--endpoint", "PROVISIONER_STACK"),
    wrong("up --store paper", "paper", "sqlite", HELP),
    wrong("cloud --port none", "none", "integer", HELP),
    wrong("cloud --port -1", "65535", HELP),
    wrong("cloud --port 70000", "65535", HELP),
    wrong("up --speed 0", "0", HELP),
    wrong("up --speed fast", "fast", HELP),
    wrong("run --timer 0", "0", HELP),
    wrong("listen --count 0 --endpoint {cloud}", "0", HELP),
    wrong("listen --timeout soon --endpoint {cloud}", "soon", HELP),
    wrong("dlq list --limit 0 --endpoint {cloud}", "0", HELP),
    wrong("package --runtime python2.7", "python2.7", "python3.12", HELP),
    wrong("audit --endpoint {cloud} --look-in mars_1", "mars_1", "cn-hangzhou", HELP),
    # Endpoints that are none.
    wrong(f"{LISTEN} 127.0.0.1:4566", "begins with http://", HELP),
    wrong(f"{LISTEN} localhost", "begins with http://", HELP),
    wrong(f"{LISTEN} ftp://127.0.0.1:4566", "not with ftp://", HELP),
    wrong(f"{LISTEN} file:///etc/passwd", "not with file://", HELP),
    wrong(f"{LISTEN} http://", "names no host", HELP),
    wrong(f"{LISTEN} http://127.0.0.1:99999", "65535", HELP),
    wrong(f"{LISTEN} http://127.0.0.1:port", "no URL", HELP),
    wrong(f"{LISTEN} http://[::1", "no URL", HELP),
    wrong(f"{LISTEN} http://127.0.0.1:4566/_local/state", "ends after host and port", HELP),
    wrong(f"{LISTEN} http://127.0.0.1:4566?a=b", "ends after host and port", HELP),
    wrong(f"{LISTEN} http://me:Sample-Passw0rd@127.0.0.1:4566", "no user and password", HELP),
    wrong(f"{LISTEN} http://example.com:4566", "this machine only", "https://", HELP),
    wrong("run --endpoint 127.0.0.1:4566", "begins with http://", HELP),
    wrong("listen", "PROVISIONER_ENDPOINT", "http://127.0.0.1:4566", PROVISIONER_ENDPOINT="127.0.0.1:4566"),
    # Nothing there, or something else.
    wrong(f"enqueue PLAIN --endpoint {NOWHERE}", NOWHERE, "cannot be reached", "provisioner up"),
    wrong(f"{LISTEN} {NOWHERE}", NOWHERE, "cannot be reached", "provisioner up"),
    wrong(f"status order-1 --endpoint {NOWHERE}", NOWHERE, "cannot be reached", "provisioner up"),
    wrong(f"audit --endpoint {NOWHERE}", NOWHERE, "cannot be reached", "provisioner up"),
    wrong(f"dlq list --endpoint {NOWHERE}", NOWHERE, "cannot be reached", "provisioner up"),
    wrong(f"dlq show one --endpoint {NOWHERE}", NOWHERE, "cannot be reached", "provisioner up"),
    wrong(f"dlq replay one --endpoint {NOWHERE}", NOWHERE, "cannot be reached", "provisioner up"),
    wrong(f"run --endpoint {NOWHERE} --data {{tmp}}", NOWHERE, "cannot be reached", "provisioner up"),
    wrong(f"invoke poll --event TIMER --endpoint {NOWHERE}", "cannot be reached", "provisioner up"),
    wrong(f"{LISTEN} http://[::1]:9", "cannot be reached", "provisioner up"),
    wrong(f"{LISTEN} {{html}}", "is no local cloud", "provisioner up"),
    wrong("enqueue PLAIN --endpoint {html}", "is no local cloud", "provisioner up"),
    wrong("status order-1 --endpoint {html}", "is no local cloud", "provisioner up"),
    wrong("audit --endpoint {json}", "is no local cloud", "provisioner up"),
    wrong("invoke poll --event TIMER --endpoint {html}", "is no local cloud", "provisioner up"),
    wrong("run --endpoint {html} --data {tmp}", "is no local cloud", "provisioner up"),
    wrong(f"{LISTEN} {{garbage}}", "speaks no HTTP", "https://"),
    wrong(f"{LISTEN} {{closed}}", "speaks no HTTP", "https://"),
    wrong(f"{LISTEN} {{tls}}", "speaks no TLS", "http://"),
    # Which place.
    wrong("enqueue PLAIN", "say where", "--endpoint", "--stack", "PROVISIONER_STACK"),
    wrong("listen", "say where", "--stack", "PROVISIONER_STACK"),
    wrong("audit", "say where", "--stack", "PROVISIONER_STACK"),
    wrong("dlq list", "say where", "--stack", "PROVISIONER_STACK"),
    wrong("status order-1", "say where", "--stack", "PROVISIONER_STACK"),
    wrong("listen --endpoint {cloud} --stack provisioner", "give one", HELP),
    wrong("listen --stack=", "--stack is empty", "name of the ROS stack"),
    wrong("listen --endpoint {cloud} --profile work", "--profile and --region go with --stack", HELP),
    wrong("listen --endpoint {cloud} --region cn-hangzhou", "go with --stack", HELP),
    wrong("status order-1 --stack s --store sqlite", "Tablestore", "leave --store and --data out"),
    wrong("audit --stack s --data {tmp}", "Tablestore", "leave --store and --data out"),
    wrong("listen --stack s", "no region", "--region"),
    wrong("listen --stack s --region cn_hangzhou", "no region's id", "cn-hangzhou"),
    wrong("listen --stack s --region evil.example/", "no region's id", "cn-hangzhou"),
    wrong("listen --stack s --region cn-hangzhou --profile gone", "profile gone", "aliyun configure list"),
    wrong(
        "listen", "both set", "unset one",
        PROVISIONER_ENDPOINT="http://127.0.0.1:4566", PROVISIONER_STACK="provisioner",
    ),
    wrong("status order-1 --endpoint {cloud}", "no worker has told", "--store"),
    wrong("audit --endpoint {cloud}", "no worker has told", "--store"),
    wrong("audit --endpoint {cloud} --data {tmp}", "no records in", "--data or --store"),
    # Files and queues.
    wrong("enqueue gone.json --endpoint {cloud}", "gone.json cannot be read", "events/messages"),
    wrong("enqueue {tmp} --endpoint {cloud}", "cannot be read", "events/messages"),
    wrong("enqueue {binary} --endpoint {cloud}", "no UTF-8", "JSON in UTF-8"),
    wrong("enqueue {empty} --endpoint {cloud}", "holds no message", "one a line"),
    wrong("enqueue PLAIN --endpoint {cloud} --queue nowhere", "nowhere", "--queue"),
    wrong("listen --count 1 --endpoint {cloud} --inbox nowhere", "nowhere", "--inbox"),
    wrong("dlq list --endpoint {cloud} --dead-letters nowhere", "nowhere", "--dead-letters"),
    wrong("dlq replay --endpoint {cloud} --data {tmp}", "name dead letters", "provisioner dlq list"),
    wrong("dlq replay one --all --endpoint {cloud} --data {tmp}", "name dead letters", "provisioner dlq list"),
    wrong("invoke poll --event gone --endpoint {cloud}", "gone cannot be read", "events/triggers"),
    wrong("invoke nobody --event TIMER --endpoint {cloud}", "no function nobody", "provision, poll"),
    wrong("invoke poll", "--event FILE", "--message FILE"),
    wrong("invoke provision --event TIMER --message PLAIN", "either --event FILE", "--message FILE"),
    wrong("invoke poll --message PLAIN", "only provision takes messages", "timer.json"),
    wrong("new --spot --prepaid", "--spot or --prepaid"),
    wrong("new --tag team", "KEY=VALUE"),
    wrong("new --region ../x", "parameters.RegionId", "correct the option"),
    Wrong(("explain", " "), ("CODE is empty", "provisioner errors")),
    wrong("enqueue MALFORMED --count 2 --endpoint {cloud}", "no requestId to number", "--count"),
    wrong(f"enqueue PLAIN --wait --endpoint {NOWHERE}", "cannot be reached", "--endpoint"),
    wrong("enqueue PLAIN --wait --topic nowhere --endpoint {cloud}", "nowhere", "--topic"),
    wrong("run --data /proc/nowhere --endpoint {cloud}", "/proc/nowhere cannot be written", "--data"),
    wrong("up --data /proc/nowhere", "/proc/nowhere cannot be written", "--data"),
    wrong("demo --store paper", "paper", HELP),
]  # fmt: skip
