"""Removing a folder that a hostile program has filled: as deep, as odd and as unreadable as it likes.

Imports nothing but `os`: the launcher uses it, too, and pathlib would double its size.
"""

import os

AT_ONCE = 1000
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: str, dir_fd: int | None = None) -> None:
    """Remove a folder with everything below it; a link is removed and never followed; nothing there is fine.

    shutil.rmtree calls itself for each level and gives up at a thousand. Here folders of folders are moved to
    the top and emptied there, one after the other. `path` is relative to the folder `dir_fd`, when given.

    Raises: OSError when something can't be removed.
    """
    try:
        os.unlink(path, dir_fd=dir_fd)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        top = open_folder(path, dir_fd)
    else:
        return
    try:
        _empty(top)
    finally:
        os.close(top)
    os.rmdir(path, dir_fd=dir_fd)


def _empty(top: int) -> None:
    mark = f".{os.urandom(6).hex()}."
    moved = 0
    while names := _some(top):
        for name in names:
            if _unlink(name, top):
                continue
            folder = open_folder(name, top)
            try:
                while entries := _some(folder):
                    for entry in entries:
                        if not _unlink(entry, folder):
                            moved += 1
                            os.close(
                                open_folder(entry, folder)
                            )  # moving it needs its permission to be written
                            os.rename(entry, f"{mark}{moved}", src_dir_fd=folder, dst_dir_fd=top)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=top)


def _some(folder: int) -> list[str]:
    """The next names in a folder, not all: a million of them would take memory that stays ours."""
    with os.scandir(folder) as entries:
        return [entry.name for entry, _ in zip(entries, range(AT_ONCE), strict=False)]


def _unlink(name: str, folder: int) -> bool:
    """Whether it is gone now; False for a folder."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return True
    except (IsADirectoryError, PermissionError):
        return False
    return True


def open_folder(name: str, parent: int | None) -> int:
    """A descriptor of a folder, made ours to read and write first. Raises: OSError, for a link, too."""
    try:
        folder = os.open(name, _FOLDER, dir_fd=parent)
    except PermissionError:
        entry = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            os.chmod(f"/proc/self/fd/{entry}", 0o700)  # noqa: PTH101 - see above
        finally:
            os.close(entry)
        return os.open(name, _FOLDER, dir_fd=parent)
    os.fchmod(folder, 0o700)
    return folder
