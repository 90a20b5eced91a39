"""What a package is built for: the Python and the system of a Function Compute runtime, whatever machine builds it."""

from __future__ import annotations

import sys
from dataclasses import dataclass

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64")
"""Wheels the runtimes can load: glibc is 2.31 on python3.12 (Debian 11) and 2.28 on python3.10 (Debian 10)."""


@dataclass(frozen=True, slots=True)
class Target:
    """A Python version (`3.12`) of CPython on Linux, x86_64."""

    version: str

    @classmethod
    def of_runtime(cls, runtime: str) -> Target:
        """Return the target of a runtime's name (`python3.12`)."""
        return cls(runtime.removeprefix("python"))

    @property
    def abi(self) -> str:
        """The wheel tag of this Python (`cp312`)."""
        return "cp" + self.version.replace(".", "")

    @property
    def environment(self) -> dict[str, str]:
        """The values that environment markers are worked out with."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.version}.0",
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.version}.0",
            "python_version": self.version,
            "sys_platform": "linux",
        }

    @property
    def pip_options(self) -> list[str]:
        """What pip has to be told to choose this target's wheels."""
        platforms = [option for platform in PLATFORMS for option in ("--platform", platform)]
        return ["--only-binary", ":all:", "--implementation", "cp", "--python-version", self.version, *platforms]


THIS_PYTHON = Target(f"{sys.version_info.major}.{sys.version_info.minor}")
