"""A git repository read without running anything that it could name.

Its configuration and attributes aren't trusted: they can name filters, text converters, external diff programs,
hooks and file system monitors. So objects are read as git keeps them.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent.errors import BadRequest, BadTarget
from agent.workspace import NOT_COPIED
from tools.run.process import Completed, Limits, Runner
from tools.run.watch import MIB

TREE_LIMIT_BYTES = 2048 * MIB
LINK, SUBMODULE, PROGRAM, FILE = "120000", "160000", "100755", "100644"
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false")
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file, link or submodule of a tree; `id` is its content's."""

    mode: str
    id: str


@dataclass(frozen=True, slots=True)
class Repository:
    """The part of a git repository below one folder: `top`/`prefix`, with `prefix` "" or ending in a slash."""

    runner: Runner
    top: Path
    prefix: str

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.top / self.prefix

    def resolve(self, revision: str) -> str:
        """The commit that a name stands for. Raises: BadRequest."""
        words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        done = self._git(*words, check=False)
        if done.exit_code != 0:
            raise BadRequest(
                f"{self.top} has no revision {revision!r}: give a commit, branch or tag that is there; a shallow clone "
                "may have to be fetched with more history"
            )
        return done.stdout.strip()

    def merge_base(self, one: str, other: str) -> str:
        """The last commit that both have in common. Raises: BadRequest."""
        done = self._git("merge-base", one, other, check=False)
        if done.exit_code != 0:
            raise BadRequest(
                f"{one[:12]} and {other[:12]} have no commit in common here: a shallow clone has to be fetched with "
                "more history"
            )
        return done.stdout.strip()

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether `one` is in the history of `other`."""
        return self._git("merge-base", "--is-ancestor", one, other, check=False).exit_code == 0

    def tree(self, commit: str) -> dict[str, Entry]:
        """Every file of the folder in a commit; empty when the folder isn't in it. Raises: BadTarget."""
        done = self._git("ls-tree", "-r", "-z", "--full-tree", f"{commit}:{self.prefix}", check=False)
        return _entries(done.stdout) if done.exit_code == 0 else {}

    def tracked(self) -> dict[str, Entry]:
        """Every file of the folder that git knows, as it is staged. Raises: BadTarget."""
        return _entries(self._git("ls-files", "-s", "-z").stdout)

    def untracked(self) -> tuple[str, ...]:
        """The files of the folder that git neither knows nor ignores."""
        done = self._git("ls-files", "-z", "--others", "--exclude-standard")
        return tuple(name for name in done.stdout.split("\0") if name and is_copied(name))

    def changed_outside(self, base: str, head: str) -> tuple[str, ...]:
        """The files outside of the folder that differ between two commits."""
        if not self.prefix:
            return ()
        words = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-ext-diff", base, head]
        names = self._git(*words).stdout.split("\0")[1::2]
        return tuple(name for name in names if name and not name.startswith(self.prefix))

    def write(self, entries: Mapping[str, Entry], folder: Path) -> tuple[str, ...]:
        """Write files into a folder as git keeps them, submodules left out; Git LFS pointers without their content.

        Raises: BadTarget, ToolError.
        """
        wanted = {name: entry for name, entry in entries.items() if entry.mode != SUBMODULE}
        pointers: list[str] = []
        links: list[tuple[str, bytes]] = []
        for name, content in self._contents(wanted):
            if wanted[name].mode == LINK:
                links.append((name, content))  # last: no file is written through one
                continue
            found = self._resolved(name, content)
            write_entry(folder, name, wanted[name].mode, content if found is None else found)
            if found is None:
                pointers.append(name)
        for name, content in links:
            write_entry(folder, name, LINK, content)
        return tuple(pointers)

    def _contents(self, entries: Mapping[str, Entry]) -> Iterator[tuple[str, bytes]]:
        """Each file's content as git keeps it."""
        if not entries:
            return
        with tempfile.TemporaryDirectory(prefix="ask-profiler-") as temporary:
            answers = Path(temporary) / "answers"
            ids = "".join(f"{entry.id}\n" for entry in entries.values())
            self._git("cat-file", "--batch", stdin=ids, stdout_path=answers)
            with answers.open("rb") as file:
                for name, entry in entries.items():
                    facts = file.readline().split()
                    if len(facts) != 3:
                        raise BadTarget(
                            f"{name} ({entry.id[:12]}) isn't in the repository {self.top}: fetch it first"
                        )
                    yield name, file.read(int(facts[2]))
                    file.read(1)

    def _resolved(self, name: str, content: bytes) -> bytes | None:
        """A content as it is checked out: what a Git LFS pointer stands for; None where that isn't here."""
        pointer = _POINTER.match(content) if len(content) < 1024 else None
        if pointer is None:
            return content
        digest = pointer[1].decode()
        kept = self._git("rev-parse", "--git-common-dir").stdout.strip()
        places = (
            self.folder / kept / "lfs" / "objects" / digest[:2] / digest[2:4] / digest,
            self.folder / name,
        )
        for place in places:
            if place.is_file() and not place.is_symlink():
                found = place.read_bytes()
                if hashlib.sha256(found).hexdigest() == digest:
                    return found
        return None

    def _git(
        self, *words: str, check: bool = True, stdin: str | None = None, stdout_path: Path | None = None
    ) -> Completed:
        return self.runner.run(
            ["git", "--no-pager", *_SAFE, *words],
            cwd=self.folder,
            env=_ENVIRONMENT,
            limits=Limits(timeout_s=300, output_bytes=TREE_LIMIT_BYTES),
            confined=False,
            check=check,
            stdin=stdin,
            stdout_path=stdout_path,
        )


def open_repository(runner: Runner, folder: Path) -> Repository:
    """The repository that `folder` lies in. Raises: BadRequest when it lies in none."""
    done = runner.run(
        ["git", *_SAFE, "rev-parse", "--show-toplevel", "--show-prefix"],
        cwd=folder,
        env=_ENVIRONMENT,
        confined=False,
        check=False,
    )
    lines = done.stdout.split("\n")
    if done.exit_code != 0 or len(lines) < 2:
        raise BadRequest(
            f"{folder} lies in no git repository that can be read: {done.stderr.strip() or 'it has no working tree'}"
        )
    return Repository(runner, Path(lines[0]), lines[1])


def write_entry(folder: Path, name: str, mode: str, content: bytes) -> None:
    """Write a file or link of a tree into a folder. Raises: BadTarget when another one is in its way."""
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode == LINK:
            path.symlink_to(content.decode(errors="surrogateescape"))
            return
        path.write_bytes(content)
        path.chmod(0o755 if mode == PROGRAM else 0o644)
    except (FileExistsError, NotADirectoryError, IsADirectoryError, ValueError) as error:
        raise BadTarget(f"the repository's tree has a {name!r} that can't be written: {error}") from error


def is_copied(name: str) -> bool:
    """Whether a file of a repository gets into a private copy of the target, too."""
    return not NOT_COPIED.intersection(PurePosixPath(name).parts)


def content_id(content: bytes, like: str) -> str:
    """The id that git gives a file's content, by the algorithm that `like` was made with."""
    digest = hashlib.sha1(usedforsecurity=False) if len(like) == 40 else hashlib.sha256()
    digest.update(b"blob %d\0" % len(content))
    digest.update(content)
    return digest.hexdigest()


def pointer_to(content: bytes) -> bytes:
    """The Git LFS pointer to a content."""
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n".encode()


def _entries(listed: str) -> dict[str, Entry]:
    """`<mode> [<type>] <id> [<stage>]<tab><name>` as ls-tree and ls-files list them."""
    found = {}
    for line in listed.split("\0"):
        facts, tab, name = line.partition("\t")
        if not tab or not is_copied(name):
            continue
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise BadTarget(f"the repository's tree has a file {name!r}, which leads out of it: not read")
        mode, *_ = words = facts.split(" ")
        found[name] = Entry(mode=mode, id=next(word for word in words[1:] if len(word) >= 40))
    return found
