"""Folders of files as output: filled when everything is made, never half."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tween4d.errors import OutputError
from tween4d.io.atomic import as_output_error, check_writable, claimed, remove_abandoned


def check_folder(target: Path, *, overwrite: bool) -> None:
    """Refuse an output folder that holds anything, or cannot be made or written, before any work is done.

    Raises:
        OutputError: with the remedy.
    """
    if target.exists() and not target.is_dir():
        raise OutputError("a file of this name is in the way of the folder", str(target), "choose another name")
    if target.is_dir() and any(target.iterdir()) and not overwrite:
        raise OutputError("the output folder is not empty", str(target), "choose another one or add --overwrite")
    check_writable(target.absolute())


@contextmanager
def filled_folder(target: Path) -> Iterator[Path]:
    """A temporary folder whose files move into the target when the block succeeds.

    Args:
        target: folder to create or add to; files of the same names are replaced, others stay.
    Yields:
        A folder to write into. On any exception, Ctrl-C included, it is removed and the target is as it was.
    Raises:
        OutputError: when the operating system refuses.
    """
    existing = target.is_dir()
    parent = target if existing else target.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(parent, f".{target.name}.", ".part")
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=parent))
    except OSError as error:
        raise as_output_error(error, target) from error
    try:
        with claimed(part):
            yield part
        if existing:
            for path in sorted(p for p in part.rglob("*") if p.is_file()):
                place = target / path.relative_to(part)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, place)
        else:
            mask = os.umask(0)
            os.umask(mask)
            part.chmod(0o777 & ~mask)
            os.replace(part, target)
    except OutputError as error:
        # The user knows the folder, not the temporary one that a file of it could not be written to.
        raise OutputError(error.what, str(target), error.remedy) from error
    except OSError as error:
        raise as_output_error(error, target) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
