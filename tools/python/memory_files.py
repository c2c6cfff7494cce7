"""A memory recording that memray wrote before (`memray run -o FILE.bin`), read as a profile.

memray's reader is native code and a recording may be anybody's, so it is read in a confined process.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tools.errors import ProgramMissing, UnreadableOutput
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Profile
from tools.profiles.reading import LZ4
from tools.python import recordings as recordings_program
from tools.python.qualifying import with_qualified_names
from tools.run.process import Limits, Runner
from tools.run.reading import read_written
from tools.run.sandbox import Access

OURS = Path(recordings_program.__file__).parents[2]
"""The folder that `tools` is in."""
MIB = 1024**2
FILE_BYTES, PROFILE_BYTES = 4096 * MIB, 256 * MIB
CUT_SHORT = "Failed to process"
"""memray 1.20 says so of a file that ends within a record, and goes on with what was before: a part of a profile."""
PADDING = bytes(4)
LIMITS = Limits(timeout_s=120.0, memory_bytes=8192 * MIB, file_bytes=PROFILE_BYTES)


def read_memray(runner: Runner, path: Path) -> Profile:
    """What was held at the recording's peak, by `peak_objects` (count) and `peak_space` (bytes).

    Methods are named with their classes where the source is still there as it was; of relative names below the
    current folder.

    Raises: ProgramMissing without memray; UnreadableOutput naming the file; ToolError at a limit.
    """
    if importlib.util.find_spec("memray") is None:
        raise ProgramMissing("memray", "pip install memray in ask-profiler's environment")
    if path.stat().st_size > FILE_BYTES:
        raise UnreadableOutput(f"{path}: over {FILE_BYTES // MIB} MiB: record for a shorter time")
    if not _is_whole(path):
        raise UnreadableOutput(f"{path}: the memory recording is cut short: record it again")
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
        root = Path(name)
        given, out = root / "given", root / "out"
        given.mkdir()
        out.mkdir()
        shutil.copyfile(path, given / f"recording{recordings_program.RECORDING}")
        done = runner.run(
            [sys.executable, "-P", "-m", recordings_program.__name__, given, out],
            cwd=out,
            env={"PYTHONPATH": str(OURS)},
            access=Access(readable=(Path(sys.prefix), Path(sys.base_prefix), OURS, given), writable=(out,)),
            limits=LIMITS,
            check=False,
            program="memray's reader",
        )
        written = next(iter(sorted(out.glob(f"*{recordings_program.PROFILE}"))), None)
        content = read_written(root, written, limit_bytes=PROFILE_BYTES) if written else None
        if CUT_SHORT in done.stderr:
            raise UnreadableOutput(f"{path}: the memory recording is cut short or corrupt: record it again")
        if done.exit_code != 0 or content is None:
            why = done.stderr.strip()[-300:] or f"its reader ended with {done.exit_code}"
            raise UnreadableOutput(f"{path}: the memory recording can't be read: {why}: record it again")
        # `memray run app.py` gives the program's own file a relative name.
        return with_qualified_names(read_pprof(content, name=str(path)), folder=Path())


def _is_whole(path: Path) -> bool:
    """Whether nothing of the file's end is missing. memray reads what is left of one that was cut between records.

    Its recorder makes a file longer ahead of what it writes, so that zeros follow the last record, of a program that
    was killed, too. Source: memray 1.20; the LZ4 frame format, 1.6.
    """
    with path.open("rb") as file:
        start = file.read(7)
        if not start.startswith(LZ4):
            file.seek(max(0, path.stat().st_size - len(PADDING)))
            return file.read() == PADDING
        flags = start[4] if len(start) == 7 else 0
        file.seek(8 * bool(flags & 8) + 4 * (flags & 1), os.SEEK_CUR)
        while True:
            size = int.from_bytes(written, "little") if len(written := file.read(4)) == 4 else -1
            if size <= 0:
                return size == 0
            file.seek((size & 0x7FFF_FFFF) + 4 * bool(flags & 16), os.SEEK_CUR)
