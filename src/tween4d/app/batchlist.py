"""The list of a batch: one pair a line, as CSV or JSON lines, checked as a whole before anything runs."""

import csv
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tween4d.app.case import load_case
from tween4d.app.run import RunOptions
from tween4d.config import preset
from tween4d.errors import InputError, Tween4dError

NUMBERS = {"seed": int, "frames": int, "fov": float, "azimuth": float, "elevation": float}
FILES = ("start", "end", "mask_start", "mask_end", "guide")
FRAGMENTS = ("auto", "1", "2", "4", "8")


@dataclass(frozen=True)
class Pair:
    """One line: two pictures and what differs from the defaults."""

    name: str
    """Of the asset, `NAME.t4d`; unique in the list."""
    start: str
    """Path of the picture, absolute; on a cluster every node must see it there."""
    end: str
    mask_start: str | None = None
    mask_end: str | None = None
    guide: str | None = None
    """In-between video in the place of the prior's."""
    case: str | None = None
    """Folder of a benchmark case: its pictures are taken, and the asset is scored against its truth."""
    preset: str = "standard"
    seed: int = 0
    frames: int | None = None
    fov: float = 33.8
    priors: str = "embedded"
    fragments: str | None = None
    prompt: str = ""
    azimuth: float | None = None
    """Where the object's front points, degrees."""
    elevation: float | None = None

    @property
    def options(self) -> RunOptions:
        """The run's options."""
        named = {name: Path(path) for name in FILES[2:] if (path := getattr(self, name))}
        facing = None if self.azimuth is None else (self.azimuth, self.elevation)
        return RunOptions(
            frames=self.frames,
            fov=self.fov,
            priors=self.priors,
            facing=facing,
            fragments=self.fragments,  # type: ignore[arg-type]
            prompt=self.prompt,
            **named,
        )

    def as_json(self) -> dict[str, Any]:
        """The line as plain values."""
        return asdict(self)


def read_list(path: Path, preset_name: str) -> tuple[Pair, ...]:
    """Read a list; paths in it are relative to its folder.

    Args:
        path: `.csv` with a header, or `.jsonl` with an object a line; columns are the fields of `Pair`, of which start
            and end are needed, or a case.
        preset_name: of lines that name none.
    Raises:
        InputError: with the number of the line that cannot be used.
    """
    rows = _rows(path)
    if not rows:
        raise InputError("the list holds no pairs", str(path), "write a line for each: name, start, end")
    pairs = []
    for number, row in rows:
        try:
            pairs.append(_pair(row, path.parent, number, preset_name))
        except Tween4dError as error:
            raise InputError(f"line {number} of the list: {error.what}", error.got, error.remedy) from error
    seen: set[str] = set()
    for pair in pairs:
        if pair.name in seen:
            raise InputError("two lines of the list have the same name", pair.name, "give each line a name of its own")
        seen.add(pair.name)
    return tuple(pairs)


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("the list cannot be read", f"{path}: {error}", "use a text file in UTF-8") from error
    if path.suffix.lower() == ".csv":
        return [(number, dict(row)) for number, row in enumerate(csv.DictReader(text.splitlines()), 2)]
    if path.suffix.lower() != ".jsonl":
        raise InputError("the list is neither .csv nor .jsonl", str(path), "rename or convert it")
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                rows.append((number, dict(json.loads(line))))
            except (ValueError, TypeError) as error:
                raise InputError(f"line {number} of the list is no JSON object", str(error)) from error
    return rows


def _pair(row: dict[str, Any], folder: Path, number: int, preset_name: str) -> Pair:
    told = {str(key): value for key, value in row.items() if value not in (None, "")}
    given: dict[str, Any] = {key: value if key in NUMBERS else str(value) for key, value in told.items()}
    unknown = set(given) - set(Pair.__dataclass_fields__)
    if unknown:
        raise InputError(
            "there is no such column", ", ".join(sorted(unknown)), f"use {', '.join(Pair.__dataclass_fields__)}"
        )
    if "case" in given:
        case = load_case((folder / given["case"]).absolute())
        given = {"start": str(case.start), "end": str(case.end)} | given | {"case": str(case.folder)}
    for role in ("start", "end"):
        if role not in given:
            raise InputError(f"the {role} picture is missing")
    for name, kind in NUMBERS.items():
        if name in given:
            try:
                given[name] = kind(given[name])
            except (TypeError, ValueError):
                raise InputError(f"{name} is not a number", str(given[name])) from None
    for role in FILES:
        if role in given:
            given[role] = str((folder / given[role]).absolute())
            if not Path(given[role]).is_file():
                raise InputError("there is no such file", given[role])
    if given.get("fragments", "auto") not in FRAGMENTS:
        raise InputError("there is no such number of fragments", given["fragments"], f"use {', '.join(FRAGMENTS)}")
    given = {"name": f"{number:07d}", "preset": preset_name} | given
    if not re.fullmatch(r"[\w-][\w.-]{0,99}", given["name"]):
        raise InputError("a name has other signs than letters, digits, - _ and .", given["name"])
    preset(given["preset"])
    return Pair(**given)
