"""Where the target's code runs: bubblewrap (no network, a minimal read-only system), or plainly.

The sandbox shows the system's programs and libraries read-only, a private /tmp and /proc, the working
directory, and whatever `Access` names; nothing of the user's home, environment or network.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from tools.errors import ProgramMissing
from tools.run.launch import Launch, Launcher, LauncherGone
from tools.run.streams import Streams

SandboxMode = Literal["auto", "bubblewrap", "none"]
REMEDY = "apt-get install bubblewrap, or go on without it by --sandbox none"
NOT_FORGOTTEN = (
    "what a process writes into the target's copy stays for later ones: this kernel gives this user no overlay "
    "file system"
)
TRIAL_S = 10.0
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


MIB = 1024**2
TMP_BYTES, SHARED_BYTES = 2048 * MIB, 1024 * MIB
"""The most that may lie in /tmp and in /dev/shm, which are memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a confined program may see beyond the system and its working directory. The innermost path counts.

    Below `forgotten` folders it may write, and what it wrote is gone when it ends; where the sandbox can't do
    that, they are writable. `hidden` folders are empty and forget, too. The working directory is writable unless
    it lies in one of the others.
    """

    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    forgotten: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    network: bool = False

    def kept(self) -> tuple[Path, ...]:
        """The folders inside of forgotten ones whose changes stay."""
        return tuple(p for p in self.writable if any(p.is_relative_to(f) for f in self.forgotten))

    def written(self, cwd: Path) -> tuple[Path, ...]:
        """Every place on the disk that a program may fill."""
        return tuple(dict.fromkeys((cwd, *self.writable, *self.forgotten)))


class Sandbox(Protocol):
    """Turns a program's words into words that run it confined."""

    @property
    def name(self) -> str:
        """`bubblewrap` or `none`."""

    @property
    def forgets(self) -> bool:
        """Whether changes below `Access.forgotten` are gone when a program has ended."""

    def wrap(self, argv: list[str], *, cwd: Path, access: Access, env: Mapping[str, str]) -> list[str]:
        """The argument list that runs `argv` in this sandbox."""

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """The environment for the process that is started (the sandbox's own program, if any)."""


@dataclass(frozen=True, slots=True)
class NoSandbox:
    """No confinement but a clean environment and the runner's limits."""

    name: str = "none"
    forgets: bool = False

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
    loopback device, unless `Access.network`. What it starts ends with it. With `no_more_namespaces` it can't
    make user namespaces itself, through which most holes of kernels are reached.
    """

    program: str = "bwrap"
    name: str = "bubblewrap"
    forgets: bool = True
    no_more_namespaces: bool = True

    def wrap(self, argv: list[str], *, cwd: Path, access: Access, env: Mapping[str, str]) -> list[str]:
        """bwrap's words: system, private folders, the caller's paths, environment, then `argv`."""
        words = [self.program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        if self.no_more_namespaces:
            words += ["--unshare-user", "--disable-userns"]
        if access.network:
            words.append("--share-net")
        words += _system_mounts(network=access.network)
        # Root may write to /proc/sys by being root, whatever its capabilities, and by it to the host's kernel.
        words += ["--proc", "/proc", "--remount-ro", "/proc"]
        words += ["--dev", "/dev", "--size", str(SHARED_BYTES), "--tmpfs", "/dev/shm"]  # noqa: S108
        words += ["--remount-ro", "/dev", "--size", str(TMP_BYTES), "--tmpfs", "/tmp", "--dir", "/tmp/home"]  # noqa: S108
        words += _mounts(access, cwd)
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


def _mounts(access: Access, cwd: Path) -> list[str]:
    """The caller's paths, outer ones first: a later mount hides what it covers, so the inner one counts.

    Where a path is given several times, the last of readable, hidden, forgotten and writable counts.
    """
    flags: dict[Path, str] = dict.fromkeys(access.readable, "--ro-bind-try")
    flags |= dict.fromkeys(access.hidden, "--tmpfs")
    flags |= dict.fromkeys((*access.forgotten, *access.writable), "--bind")
    if not any(cwd.is_relative_to(path) for path in flags):
        flags[cwd] = "--bind"
    words: list[str] = []
    for path in sorted(flags, key=lambda p: len(p.parts)):
        if flags[path] == "--tmpfs":
            words += ["--size", str(TMP_BYTES), "--tmpfs", str(path)]
        else:
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
    problem = "bubblewrap is not installed"
    if program is not None:
        problem = ""
        # The most that this host's kernel and bubblewrap can do, the fullest first.
        for sandbox in (
            BubblewrapSandbox(program),
            BubblewrapSandbox(program, no_more_namespaces=False),
            BubblewrapSandbox(program, forgets=False),
            BubblewrapSandbox(program, forgets=False, no_more_namespaces=False),
        ):
            refused = _problem(sandbox)
            if refused is None:
                return SandboxChoice(sandbox=sandbox, warning="" if sandbox.forgets else NOT_FORGOTTEN)
            problem = refused
    if mode == "bubblewrap":
        raise ProgramMissing(f"a working bubblewrap ({problem})", REMEDY)
    return SandboxChoice(
        sandbox=NoSandbox(),
        warning=f"the target's code runs without a sandbox: {problem} ({REMEDY.split(',')[0]})",
    )


def _problem(sandbox: BubblewrapSandbox) -> str | None:
    """Why this can't be used here, None when a trial run worked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "copy"
        folder.mkdir()
        access = Access(forgotten=(folder,))
        launch = Launch(
            argv=sandbox.wrap(["touch", "written"], cwd=folder, access=access, env={}),
            cwd=folder,
            env=sandbox.environment({}),
            confined=True,
            namespace=sandbox.forgets,
            forgotten=(folder,) if sandbox.forgets else (),
        )
        problem = _try_out(launch)
        if problem is None and sandbox.forgets and (folder / "written").exists():
            return "changes to a folder were not forgotten"
    return problem


def _try_out(launch: Launch) -> str | None:
    """What goes wrong with a program that takes no time, None when nothing does."""
    with contextlib.closing(Launcher()) as launcher, Streams(None, None) as streams:
        try:
            launcher.start(replace(launch, streams=streams.descriptors))
            ended = launcher.poll(TRIAL_S)
        except (OSError, LauncherGone) as error:
            return f"bubblewrap did not run: {error}"
        if ended is None:
            return f"bubblewrap did not end within {TRIAL_S:g} s"
        if ended.exit_code:
            return f"bubblewrap did not work here: {streams.error_text().strip()}"
    return None
