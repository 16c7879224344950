"""Where things lie in the data folder. Every path is made of names that we gave; none comes from a client."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from tween4d.app.studio.records import is_identifier

ROLES = ("start", "end", "mask_start", "mask_end")


class Places:
    """The data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data.absolute()

    @property
    def database(self) -> Path:
        return self.data / "studio.sqlite"

    @property
    def keys(self) -> Path:
        return self.data / "keys.json"

    @property
    def secret(self) -> Path:
        return self.data / "secret"

    @property
    def lock(self) -> Path:
        return self.data / "studio.lock"

    def prepare(self) -> None:
        """Make the folders, readable by their owner alone."""
        for folder in (self.data, self.data / "jobs", self.data / "pictures", self.data / "incoming", self.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for leftover in (self.data / "incoming").iterdir():
            remove(leftover)

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def incoming(self) -> Path:
        return self.data / "incoming"

    def job(self, identifier: str) -> Path:
        """Folder of a job."""
        return self.data / "jobs" / _checked(identifier)

    def asset(self, identifier: str) -> Path:
        """The asset that a job makes; its working folder lies beside it."""
        return self.job(identifier) / "asset.t4d"

    def work(self, identifier: str) -> Path:
        """Finished stages of a job."""
        return self.job(identifier) / "asset.work"

    def player(self, identifier: str) -> Path:
        """The page that plays a job's asset."""
        return self.job(identifier) / "asset.html"

    def view(self, identifier: str, name: str) -> Path:
        """A picture that the run shows of itself; `name` is one of ours."""
        return self.job(identifier) / "views" / f"{name}.png"

    def source(self, identifier: str, role: str) -> Path:
        """A picture of a job: start, end or a mask."""
        assert role in ROLES
        return self.job(identifier) / f"{role}.png"

    def export(self, identifier: str, suffix: str) -> Path:
        """An exported file; `suffix` is one of the format table."""
        return self.job(identifier) / "exports" / f"asset{suffix or '.zip'}"

    def picture(self, identifier: str) -> Path:
        """An uploaded picture, decoded and written anew."""
        return self.data / "pictures" / f"{_checked(identifier)}.png"

    def matte(self, identifier: str) -> Path:
        """What the prior says is object in a picture."""
        return self.data / "pictures" / f"{_checked(identifier)}.matte.png"


def _checked(identifier: str) -> str:
    if not is_identifier(identifier):
        raise ValueError("not a name that the studio gives")
    return identifier


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, if it is there; links are removed, never followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; a file with several names counts once."""
    total, seen = 0, set()
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found = os.lstat(os.path.join(root, name))
                if found.st_nlink > 1:
                    if (found.st_dev, found.st_ino) in seen:
                        continue
                    seen.add((found.st_dev, found.st_ino))
                total += found.st_blocks * 512
    return total


def share_stages(source: Path, target: Path) -> None:
    """Give a new job the finished stages of an earlier one; no bytes are copied where the disk allows it."""
    target.mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.stage"):
        try:
            os.link(path, target / path.name)
        except OSError:
            shutil.copy2(path, target / path.name)
