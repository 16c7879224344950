"""Whole files or none: output is written beside its target and moved into place when it is complete."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tween4d.errors import OutputError


def check_target(target: Path | str, *, overwrite: bool) -> None:
    """Refuse an output that exists or whose folder cannot be written, before any work is done; makes nothing.

    Args:
        target: file or folder to be written; parent folders may be missing.
        overwrite: allow an existing file.
    Raises:
        OutputError: with the remedy.
    """
    target = Path(target)
    if target.is_dir():
        raise OutputError("a folder of this name is in the way", str(target), "choose another name")
    if target.exists() and not overwrite:
        raise OutputError("the output exists already", str(target), "choose another name or add --overwrite")
    check_writable(target.absolute().parent)


def check_writable(folder: Path) -> None:
    """Refuse a folder in which nothing can be written; of one that does not exist yet, the nearest that does is tried.

    Raises:
        OutputError: with the remedy.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        # Permissions do not tell: file systems can be read-only, full, or not for files at all.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise as_output_error(error, folder) from error


def as_output_error(error: OSError, target: Path) -> OutputError:
    """The user's words for what the operating system said while writing."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError("the disk is full", str(target), "free some space and run the same command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError("the output cannot be written: permission denied", str(target), "choose another place")
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return OutputError(
            "a file is in the way of a folder, or a folder of a file", str(target), "choose another name"
        )
    return OutputError(f"the output cannot be written: {error.strerror or error}", str(target), "choose another place")


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary path, of the target's suffix and folder, that becomes the target when the block succeeds.

    Args:
        target: file to create or replace; its folder is created.
    Yields:
        A path that the block must write. On any exception, Ctrl-C included, it is removed and the target is untouched.
    Raises:
        OutputError: when the operating system refuses.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(target.parent, f".{target.stem}.", f".part{target.suffix}")
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=f".part{target.suffix}", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise as_output_error(error, target) from error
    part = Path(name)
    try:
        with claimed(part):
            yield part
        _settle(part, target)
    except OSError as error:
        raise as_output_error(error, target) from error
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def claimed(part: Path) -> Iterator[bool]:
    """Mark an unfinished file or folder as someone's; the mark ends with the process, even with one that is killed.

    Yields:
        False when another process has claimed it, or the system knows no such marks.
    """
    try:
        import fcntl

        descriptor = os.open(part, os.O_RDONLY)
    except (ImportError, OSError):
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def remove_abandoned(folder: Path, prefix: str, suffix: str) -> None:
    """Remove unfinished files and folders that killed processes left behind, as far as their names tell."""
    for path in folder.iterdir():
        if path.name.startswith(prefix) and path.name.endswith(suffix):
            with claimed(path) as ours, suppress(OSError):
                if ours:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _settle(part: Path, target: Path) -> None:
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    # mkstemp makes private files; an output should have the permissions of any other new file.
    part.chmod(0o666 & ~_umask())
    os.replace(part, target)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
