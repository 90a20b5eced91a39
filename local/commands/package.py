"""`provisioner package`: build the deployable zip."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from local.package.build import LIMIT_BYTES, build
from local.package.bytecode import find_python
from local.package.target import Target
from local.package.wheels import DownloadFailed
from local.project import INSTALLED, TEMPLATE
from local.runtime.specification import Deployment
from local.terminal import options
from local.terminal.output import WrongUse, json_line, progress, raw_line, table, wants_json

MEGABYTE = 1_000_000


@click.command(
    epilog=options.examples("provisioner package", "provisioner package --runtime python3.10 --output dist/old.zip")
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("dist/provisioner.zip"),
    show_default=True, help="The zip.",
)  # fmt: skip
@click.option(
    "--runtime", type=click.Choice(["python3.12", "python3.10"]), help="For which runtime; the template's by default."
)
@options.as_json
def package(*, output: Path, runtime: str | None, as_json: bool) -> None:
    """Build one zip for both functions, for the platform, whatever machine this is.

    Wheels are those of requirements/runtime.txt, checked by their hashes, for Linux on x86_64. What no function loads
    is left out. Bytecode is added when a Python of the runtime's version is found here. The same input gives the same
    bytes. Exit code 1 when the zip is larger than 25 MB. An installed command has no locked requirements: this one is
    run in a checkout of the project.
    """
    if INSTALLED:
        raise WrongUse("an installed command cannot build the zip: run `make package` in a checkout of the project")
    target = Target.of_runtime(runtime or Deployment(TEMPLATE).function("provision").runtime)
    python = find_python(target)
    if python is None:
        progress(f"warning: no Python {target.version} here, so no bytecode: cold starts take 2 s longer")
    progress(f"getting wheels for Python {target.version} on Linux, x86_64")
    try:
        built = build(output, target, python)
    except DownloadFailed as error:
        raise WrongUse(f"the wheels cannot be downloaded; is pip's index reachable? {error}") from None
    except OSError as error:
        raise WrongUse(f"{output} cannot be written: {error.strerror}; choose another file with --output") from None
    if wants_json(as_json):
        json_line(
            {
                "file": str(output), "size": built.size, "sha256": built.sha256, "python": target.version,
                "bytecode": python is not None, "parts": dict(built.parts),
            }
        )  # fmt: skip
    else:
        table(["largest parts", "MB"], [(name, f"{size / MEGABYTE:.2f}") for name, size in built.parts])
        raw_line(f"{output}: {built.size / MEGABYTE:.1f} MB\nSHA-256 {built.sha256}")
    if built.size > LIMIT_BYTES:
        progress(f"the zip is larger than {LIMIT_BYTES / MEGABYTE:g} MB")
        sys.exit(1)
