"""Patches: made from two copies, applied to one, always by git, always whole or not at all."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterable
from pathlib import Path, PurePosixPath

from agent.errors import BadRequest
from tools.errors import ProgramFailed
from tools.run.process import Completed, Limits, Runner
from tools.run.reading import read_written
from tools.run.watch import MIB

PATCH_LIMIT_BYTES = 16 * MIB
_LINK = re.compile(
    r"(?:(?:new|deleted) file mode|(?:old|new) mode|index [0-9a-f]+\.\.[0-9a-f]+) 1[26]0000", re.ASCII
)
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", re.ASCII)
_OURS = ("-c", "core.autocrlf=false", "-c", "apply.ignoreWhitespace=no", "-c", "apply.whitespace=nowarn")
"""Settings of the user's that would change what a patch says or make it apply where it doesn't fit."""


def make_patch(runner: Runner, old: Path, new: Path, files: tuple[str, ...]) -> str:
    """The patch from `old` to `new` over `files`; files that are no UTF-8 go into it as binary ones.

    "" when nothing differs. Raises: ToolError when git is missing or fails, or one of the files is a link or lies
    outside.
    """
    text: dict[str, tuple[bytes | None, bytes | None]] = {}
    binary: dict[str, tuple[bytes | None, bytes | None]] = {}
    for file in files:
        sides = read_written(old, old / file), read_written(new, new / file)
        (text if all(map(_is_text, sides)) else binary)[file] = sides
    return "".join(_difference(runner, some, as_binary=some is binary) for some in (text, binary) if some)


def _is_text(content: bytes | None) -> bool:
    try:
        (content or b"").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _difference(
    runner: Runner, files: dict[str, tuple[bytes | None, bytes | None]], *, as_binary: bool
) -> str:
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
        folder = Path(name)
        for number, side in enumerate(("a", "b")):
            (folder / side).mkdir()
            for file, sides in files.items():
                content = sides[number]
                if content is not None:
                    (folder / side / file).parent.mkdir(parents=True, exist_ok=True)
                    (folder / side / file).write_bytes(content)
        (folder / "attributes").write_text("* -diff\n" if as_binary else "")
        return difference_of(runner, folder, f"core.attributesFile={folder / 'attributes'}")


def difference_of(runner: Runner, folder: Path, *settings: str) -> str:
    """The patch from `folder`/a to `folder`/b, links and modes included. Raises: ToolError."""
    options = [word for setting in ("core.quotePath=false", *settings) for word in ("-c", setting)]
    shown = ["--binary", "--no-prefix", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"]
    done = runner.run(
        ["git", *_OURS, *options, "diff", "--no-index", *shown, "a", "b"],
        cwd=folder,
        limits=Limits(output_bytes=8 * PATCH_LIMIT_BYTES),
        confined=False,
        check=False,
    )
    if done.exit_code not in (0, 1):
        raise ProgramFailed(
            f"git could not make a patch: {done.stderr.strip()}",
            exit_code=done.exit_code,
            stderr_tail=done.stderr,
        )
    return done.stdout


def read_patch(content: bytes, name: str) -> str:
    """A patch that someone gave as `name`. Raises: BadRequest when it can be none, saying what it is instead."""
    if len(content) > PATCH_LIMIT_BYTES:
        raise BadRequest(
            f"{name} holds {len(content) / MIB:.1f} MiB: a patch of more than {PATCH_LIMIT_BYTES // MIB} MiB isn't read"
        )
    if not content.strip():
        raise BadRequest(f"{name} is empty: give a patch, such as `git diff` writes it")
    if b"\0" in content:
        raise BadRequest(f"{name} is binary, no patch: give what `git diff --binary` writes, not compressed")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"{name} is no UTF-8 at byte {error.start}: give --base and --head instead, which take files as they are"
        ) from error
    if not re.search(r"^(?:diff --git |--- |GIT binary patch)", text, re.MULTILINE):
        raise BadRequest(f"{name} holds no patch: give one such as `git diff` writes it")
    return text


def apply_patch(
    runner: Runner, root: Path, patch: str, *, strip: int = 1, ignored: Collection[str] = ()
) -> tuple[str, ...]:
    """Apply a patch to `root`, exactly or not at all; the names of the files it changes.

    `strip` is how many leading parts of its file names are left out; what it does in folders that are called as one
    of `ignored` is left out, too. Raises: BadRequest with git's words when it
    doesn't apply cleanly, touches a path outside `root` or one behind a symbolic link. `root` is unchanged then.
    """
    names = check_patch(runner, root, patch, strip=strip, ignored=ignored)
    done = _git_apply(runner, root, patch, strip, *_left_out(ignored))
    if done.exit_code != 0:
        raise BadRequest(f"the patch doesn't apply cleanly to {root}: {done.stderr.strip()}")
    return names


def check_patch(
    runner: Runner, root: Path, patch: str, *, strip: int = 1, ignored: Collection[str] = ()
) -> tuple[str, ...]:
    """The files a patch would change in `root`, which stays as it is. Raises: BadRequest as `apply_patch`."""
    names = tuple(
        name
        for name in patched_files(runner, root, patch, strip=strip)
        if not set(ignored).intersection(PurePosixPath(name).parts)
    )
    outside = [name for name in names if _leads_out(name)]
    if outside:
        raise BadRequest(f"the patch would write {outside[0]}, which is outside of {root}: not applied")
    for name in names:
        for parent in [root / name, *(root / name).parents]:
            if parent == root:
                break
            if parent.is_symlink():
                raise BadRequest(f"the patch would write through the symbolic link {parent}: not applied")
    done = _git_apply(runner, root, patch, strip, "--check", *_left_out(ignored))
    if done.exit_code != 0:
        hint = _why_not(runner, root, patch, strip)
        raise BadRequest(f"the patch doesn't apply cleanly to {root}{hint}: {done.stderr.strip()[:2000]}")
    return names


def applies(runner: Runner, root: Path, patch: str, *, strip: int = 1) -> bool:
    """Whether a patch would apply cleanly to `root`."""
    try:
        check_patch(runner, root, patch, strip=strip)
    except BadRequest:
        return False
    return True


def patched_files(runner: Runner, root: Path, patch: str, *, strip: int = 1) -> tuple[str, ...]:
    """The files that a patch is about, whether it applies or not. Raises: BadRequest when it is none."""
    done = _git_apply(runner, root, patch, strip, "--numstat", "-z")
    if done.exit_code != 0:
        raise BadRequest(f"the patch doesn't apply cleanly to {root}: {done.stderr.strip()[:2000]}")
    return tuple(entry.split("\t", 2)[2] for entry in done.stdout.split("\0") if entry.count("\t") >= 2)


def changed_links(patch: str) -> tuple[str, ...]:
    """The symbolic links and submodules that a patch makes, changes or removes, by its own headers."""
    return _named(patch, lambda line: _LINK.fullmatch(line) is not None)


def changed_modes(patch: str) -> tuple[str, ...]:
    """The files whose mode a patch changes, by its own headers."""
    return _named(patch, lambda line: line.startswith("new mode "))


def _named(patch: str, wanted: Callable[[str], bool]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    name = ""
    for line in _headers(patch):
        if line.startswith("diff --git "):
            name = line.removeprefix("diff --git ").rpartition(" b/")[2].strip('"')
        elif wanted(line):
            found[name] = None
    return tuple(found)


def _headers(patch: str) -> Iterable[str]:
    """The lines of a patch that aren't content."""
    old = new = 0
    for raw in patch.split("\n"):
        line = raw.rstrip("\r")
        if old > 0 or new > 0:
            old -= line[:1] in ("-", " ", "")
            new -= line[:1] in ("+", " ", "")
            continue
        hunk = _HUNK.match(line)
        if hunk:
            old, new = (1 if count is None else int(count) for count in hunk.groups())
        else:
            yield line


def _left_out(ignored: Collection[str]) -> list[str]:
    return [f"--exclude={pattern}" for name in ignored for pattern in (f"{name}/*", f"*/{name}/*")]


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts


def _why_not(runner: Runner, root: Path, patch: str, strip: int) -> str:
    """What may be wrong with a patch that doesn't apply, as far as that can be seen."""
    if _git_apply(runner, root, patch, strip, "--check", "--reverse").exit_code == 0:
        return " (it applies in reverse: it is already in there, or old and new are swapped)"
    if (
        "\r\n" in patch
        and _git_apply(runner, root, patch.replace("\r\n", "\n"), strip, "--check").exit_code == 0
    ):
        return " (the patch's lines end in CRLF where the file's end in LF)"
    if _git_apply(runner, root, patch, strip, "--check", "-C1").exit_code == 0:
        return " (the lines around the change are others: it was made for another version)"
    return ""


def _git_apply(runner: Runner, root: Path, patch: str, strip: int, *options: str) -> Completed:
    # GIT_CEILING_DIRECTORIES: paths are relative to `root` even when it lies inside a repository.
    return runner.run(
        ["git", *_OURS, "apply", f"-p{strip}", "--whitespace=nowarn", *options, "-"],
        cwd=root,
        env={"GIT_CEILING_DIRECTORIES": str(root.parent)},
        confined=False,
        check=False,
        stdin=patch,
    )
