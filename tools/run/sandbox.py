"""Where the target's code runs: bubblewrap (no network, a minimal read-only system), or plainly.

The sandbox shows the system's programs and libraries read-only, a private /tmp and /proc, the working
directory writable, and whatever `Access` names; nothing of the user's home, environment or network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tools.errors import ProgramMissing

SandboxMode = Literal["auto", "bubblewrap", "none"]
REMEDY = "apt-get install bubblewrap, or go on without it by --sandbox none"
BASE_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp/home",  # noqa: S108 - inside the sandbox /tmp is private
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}
SYSTEM_FILES = (
    "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime",
    "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/mime.types",
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
)  # fmt: skip
"""All readable by every user; programs look up their user's name and `localhost`."""
NETWORK_FILES = ("/etc/resolv.conf",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a confined program may see beyond the system and its working directory."""

    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    network: bool = False


class Sandbox(Protocol):
    """Turns a program's words into words that run it confined."""

    @property
    def name(self) -> str:
        """`bubblewrap` or `none`."""

    def wrap(self, argv: list[str], *, cwd: Path, access: Access, env: Mapping[str, str]) -> list[str]:
        """The argument list that runs `argv` in this sandbox."""

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """The environment for the process that is started (the sandbox's own program, if any)."""


@dataclass(frozen=True, slots=True)
class NoSandbox:
    """No confinement but a clean environment and the runner's limits."""

    name: str = "none"

    def wrap(self, argv: list[str], *, cwd: Path, access: Access, env: Mapping[str, str]) -> list[str]:
        """The words as they are."""
        return argv

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """An allow-list, the caller's PATH, and `env`."""
        kept = {"PATH": os.environ.get("PATH", BASE_ENVIRONMENT["PATH"])}
        home = {"HOME": "/tmp"}  # noqa: S108 - nothing of the user's home is needed
        return {**BASE_ENVIRONMENT, **home, **kept, **env}


@dataclass(frozen=True, slots=True)
class BubblewrapSandbox:
    """bubblewrap with a minimal root: the system and `readable` paths read-only, the copy writable.

    The program gets namespaces of its own, no capability, and a network of its own with nothing but a
    loopback device, unless `Access.network`. What it starts ends with it.
    """

    program: str = "bwrap"
    name: str = "bubblewrap"

    def wrap(self, argv: list[str], *, cwd: Path, access: Access, env: Mapping[str, str]) -> list[str]:
        """bwrap's words: system, private folders, the caller's paths, environment, then `argv`."""
        words = [self.program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        if access.network:
            words.append("--share-net")
        words += _system_mounts(network=access.network)
        words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/tmp/home"]  # noqa: S108
        words += _mounts(access.readable, (cwd, *access.writable))
        words += ["--remount-ro", "/", "--chdir", str(cwd), "--clearenv"]
        for name, value in {**BASE_ENVIRONMENT, **env}.items():
            words += ["--setenv", name, value]
        return [*words, "--", *argv]

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """For bwrap itself: where to find it; the program's own environment is in the words."""
        return {"PATH": os.environ.get("PATH", BASE_ENVIRONMENT["PATH"]), "LANG": "C.UTF-8"}


def _system_mounts(*, network: bool) -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        link = Path("/") / name
        if link.is_symlink():
            words += ["--symlink", str(link.readlink()), str(link)]
        elif link.is_dir():
            words += ["--ro-bind", str(link), str(link)]
    for file in (*SYSTEM_FILES, *(NETWORK_FILES if network else ())):
        words += ["--ro-bind-try", file, file]
    return words


def _mounts(readable: tuple[Path, ...], writable: tuple[Path, ...]) -> list[str]:
    """The caller's paths, outer ones first: a later mount hides what it covers, so the inner one counts.

    Where a path is given as both, it is writable.
    """
    flags = dict.fromkeys(readable, "--ro-bind-try") | dict.fromkeys(writable, "--bind")
    words: list[str] = []
    for path in sorted(flags, key=lambda p: len(p.parts)):
        words += [flags[path], str(path), str(path)]
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxChoice:
    """The sandbox that will be used; `warning` is "" or what the user must be told."""

    sandbox: Sandbox
    warning: str


def choose_sandbox(mode: SandboxMode, which: Callable[[str], str | None] = shutil.which) -> SandboxChoice:
    """The sandbox for this host; `which` finds a program on PATH.

    Raises: ProgramMissing when bubblewrap was asked for and isn't there or doesn't work.
    """
    if mode == "none":
        return SandboxChoice(sandbox=NoSandbox(), warning="")
    program = which("bwrap")
    problem = "bubblewrap is not installed" if program is None else _bubblewrap_problem(program)
    if program is not None and problem is None:
        return SandboxChoice(sandbox=BubblewrapSandbox(program), warning="")
    if mode == "bubblewrap":
        raise ProgramMissing(f"a working bubblewrap ({problem})", REMEDY)
    return SandboxChoice(
        sandbox=NoSandbox(),
        warning=f"the target's code runs without a sandbox: {problem} ({REMEDY.split(',')[0]})",
    )


def _bubblewrap_problem(program: str) -> str | None:
    """Why bubblewrap can't be used here, None when a trial run worked."""
    with tempfile.TemporaryDirectory() as folder:
        trial = BubblewrapSandbox(program).wrap(["true"], cwd=Path(folder), access=Access(), env={})
        try:
            done = subprocess.run(trial, capture_output=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bubblewrap did not run: {error}"
    if done.returncode == 0:
        return None
    return f"bubblewrap did not work here: {done.stderr.decode(errors='replace').strip()}"
