"""`provisioner deploy`: make or update a deployment in the account."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.deployment.deploy import carry_out, follow
from local.deployment.parameters import WrongParameter, given
from local.deployment.plan import Blocked, Target, Upload, plan
from local.deployment.states import State, state_of
from local.package.build import build
from local.package.bytecode import find_python
from local.package.target import Target as PackageTarget
from local.package.wheels import DownloadFailed
from local.project import INSTALLED, TEMPLATE
from local.runtime.deployable import deployable
from local.runtime.template import load
from local.terminal import options
from local.terminal.account import open_services, said
from local.terminal.output import WrongUse, json_line, printable, progress, raw_line, wants_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.deployment.deploy import Ending
    from local.deployment.plan import Plan
    from local.deployment.ports import Account, Data
    from local.terminal.place import Where

NO = 1
HANDLER = "provision.py"
STACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
NATIVE = re.compile(r"\.cpython-3(\d+)-")


@click.command(
    epilog=options.examples(
        "provisioner deploy --stack provisioner",
        "provisioner deploy --stack provisioner --parameter BatchSize=20 --yes",
        "provisioner deploy --stack provisioner --package dist/provisioner.zip --region ap-southeast-1",
    )
)
@options.where
@click.option(
    "--parameter",
    "words",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of template.yml (may be repeated); others stay as they are in the stack.",
)
@click.option("--bucket", metavar="NAME", help="The bucket of packages; provisioner-code-ACCOUNT-REGION by default.")
@click.option(
    "--package",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A zip of `provisioner package`; by default one is built.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and do nothing.")
@options.as_json
def deploy(
    *, where: Where, words: tuple[str, ...], bucket: str | None, file: Path | None, yes: bool, only_plan: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Make the deployment that template.yml describes, or bring it up to date: bucket, package, roles, stack.

    What will be done is shown first, and asked. It can be run again at any time: what is there is not made again, an
    operation that is under way is followed to its end, and where nothing changes, nothing is done.

    Exit code 1 when the stack's operation failed, or you said no.
    """
    rules = load(TEMPLATE)["Parameters"]
    try:
        parameters = given(words, rules)
    except WrongParameter as wrong:
        raise WrongUse(f"{wrong}; template.yml says what each is for") from None
    access = where.account(os.environ)
    name = str(where.stack)
    if not STACK_NAME.fullmatch(name):
        raise WrongUse(f"{name!r} is no stack's name: a letter or digit, then letters, digits, - and _")
    bucket = bucket or f"provisioner-code-{access.account_id}-{access.region}"
    if not BUCKET_NAME.fullmatch(bucket):
        raise WrongUse(f"{bucket!r} is no bucket's name: 3 to 63 small letters, digits and -; choose one with --bucket")
    account = open_services(access)
    with said():
        stack = _at_rest(account, name)
        content = _package(file, parameters.get("Runtime") or _runtime(stack, rules))
        target = Target(
            region=access.region,
            stack=name,
            bucket=bucket,
            parameters=parameters,
            package=Upload.of("provisioner", ".zip", content),
            template=Upload.of("template", ".yml", deployable().encode()),
        )
        try:
            todo = plan(account, target, stack)
        except (Blocked, WrongParameter) as reason:
            raise WrongUse(str(reason)) from None
        if todo.is_empty:
            progress(
                f"nothing to do: stack {name} in {access.region} is {_status(stack)}, with this package, template "
                "and parameters"
            )
            if only_plan:
                _end_plan(name, stack, todo, for_program=wants_json(as_json))
            else:
                _end(name, _status(stack), for_program=wants_json(as_json))
            return
        _show(todo)
        if only_plan:
            _end_plan(name, stack, todo, for_program=wants_json(as_json))
            return
        if not yes:
            _ask()
        ending = carry_out(todo, account, progress)
    _report(name, ending, for_program=wants_json(as_json))


def _at_rest(account: Account, name: str) -> Data | None:
    """Return the stack once no operation on it is under way."""
    stack = account.stacks.find(name)
    if stack is None or state_of(_status(stack)) is not State.RUNNING:
        return stack
    progress(f"stack {name} is {_status(stack)}: following that first")
    ending = follow(name, account, progress)
    for failure in ending.failures:
        progress(printable(failure))
    return account.stacks.find(name)


def _package(file: Path | None, runtime: str) -> bytes:
    """Return the package's bytes: the file's, or of one that is built; WrongUse when it is none for the runtime."""
    if file is None:
        if INSTALLED:
            raise WrongUse(
                "an installed command cannot build the package: name one with --package (`make package` in "
                "a checkout of the project makes it)"
            )
        file = Path("dist/provisioner.zip")
        target = PackageTarget.of_runtime(runtime)
        python = find_python(target)
        without = (
            "" if python else f", without bytecode, as no Python {target.version} is here: cold starts take 2 s more"
        )
        progress(f"building {file} for {runtime}{without}")
        try:
            build(file, target, python)
        except DownloadFailed as error:
            raise WrongUse(f"the wheels cannot be downloaded; is pip's index reachable? {error}") from None
    content = file.read_bytes()
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        names = []
    if HANDLER not in names:
        raise WrongUse(f"{file} is no package of this project: `provisioner package` makes one")
    versions = {match[1] for each in names if (match := NATIVE.search(each))}
    if versions and versions != {runtime.removeprefix("python3.")}:
        built_for = ", ".join(f"python3.{version}" for version in sorted(versions))
        raise WrongUse(
            f"{file} is for {built_for}, the deployment for {runtime}: `provisioner package --runtime {runtime}`"
        )
    return content


def _runtime(stack: Data | None, rules: Mapping[str, Mapping[str, str]]) -> str:
    given_ = {
        one["ParameterKey"]: str(one.get("ParameterValue") or "") for one in (stack or {}).get("Parameters") or []
    }
    return given_.get("Runtime") or rules["Runtime"]["Default"]


def _status(stack: Data | None) -> str:
    return str((stack or {}).get("Status"))


def _show(todo: Plan) -> None:
    for line in todo.lines():
        progress(f"  {printable(line)}")


def _ask() -> None:
    if not sys.stdin.isatty():
        raise WrongUse("nobody is there to ask: --yes does it, --plan only shows it")
    if not click.confirm("do it?", default=False, err=True):
        progress("nothing was done")
        sys.exit(NO)


def _report(name: str, ending: Ending | None, *, for_program: bool) -> None:
    if ending is None:
        _end(name, "unchanged", for_program=for_program)
        return
    _end(name, ending.status, ending.failures, for_program=for_program)
    for failure in ending.failures:
        progress(printable(failure))
    if not ending.well:
        stuck = state_of(ending.status) is State.STUCK
        progress("mend the cause and run this again" + (": it says how to delete what is left" if stuck else ""))
        sys.exit(NO)
    progress(f"next: provisioner doctor --stack {name} --send")


def _end_plan(name: str, stack: Data | None, todo: Plan, *, for_program: bool) -> None:
    if for_program:
        lines = [line.strip() for line in todo.lines()]
        json_line({"stack": name, "status": (stack or {}).get("Status"), "todo": lines})


def _end(name: str, status: str, failures: Sequence[str] = (), *, for_program: bool) -> None:
    if for_program:
        json_line({"stack": name, "status": status, **({"failures": list(failures)} if failures else {})})
    else:
        raw_line(f"stack {name} is {status}")
