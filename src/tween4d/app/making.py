"""From two pictures to an asset on disk, and an account of it."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from tween4d.app.fidelity import endpoint_psnr
from tween4d.app.memory import peak_memory_bytes
from tween4d.app.run import RunOptions, make_asset
from tween4d.data.asset import Asset4D
from tween4d.data.facing import Facing
from tween4d.data.images import Keyframes
from tween4d.errors import InputError
from tween4d.events import Event, Listener, Note, StageFinished, silent
from tween4d.io.asset import save_asset

SUFFIX = ".t4d"


@dataclass(frozen=True)
class Made:
    """An asset, where it lies, and what making it took."""

    asset: Asset4D
    path: Path
    work_dir: Path
    """Holds finished stages and `preview.png`."""
    endpoints: tuple[float, float]
    """PSNR of the two inputs as the asset gives them back, on white at 256 pixels, dB."""
    seconds: float
    """From start to written file."""
    stage_seconds: dict[str, float]
    """What each stage took when it was computed, in this run or an earlier one."""
    reused: tuple[str, ...]
    """Stages whose values lay in the working folder."""
    notes: tuple[Note, ...]
    peak_memory: int
    """Bytes of this process so far; 0 where the system does not tell."""

    @property
    def gaussians(self) -> int:
        return sum(len(clip.gaussians) for clip in self.asset.clips)

    @property
    def facings(self) -> tuple[Facing, ...]:
        """Where the object's front was taken to point, and what else it could be; empty if the priors have no idea."""
        return tuple(Facing(**facing) for facing in self.asset.provenance["facings"])

    def as_json(self) -> dict[str, object]:
        """The account as plain values."""
        return {
            "asset": str(self.path),
            "bytes": self.path.stat().st_size,
            "work_dir": str(self.work_dir),
            "preview": str(self.work_dir / "preview.png"),
            "frames": self.asset.frame_count,
            "clips": len(self.asset.clips),
            "gaussians": self.gaussians,
            "endpoint_psnr": {"start": round(self.endpoints[0], 2), "end": round(self.endpoints[1], 2)},
            "seconds": {"total": round(self.seconds, 3), "stages": self.stage_seconds},
            "facings": self.asset.provenance["facings"],
            "reused": list(self.reused),
            "peak_memory": self.peak_memory,
            "notes": [note.message for note in self.notes],
        }


def working_folder(out: Path) -> Path:
    """Where the stages of an asset are kept: beside it.

    Raises:
        InputError: when the path does not name an asset.
    """
    if out.suffix.lower() != SUFFIX:
        raise InputError(f"the output must end in {SUFFIX}", str(out), f"for example -o {out.stem or 'out'}{SUFFIX}")
    return out.with_suffix(".work")


def make_to_file(
    start: Path,
    end: Path,
    out: Path,
    *,
    preset_name: str = "standard",
    seed: int = 0,
    listener: Listener = silent,
    options: RunOptions = RunOptions(),
) -> Made:
    """Make an asset, write it, and measure how well it gives the inputs back; an existing file is replaced.

    Raises:
        Tween4dError: as `make_asset` and `save_asset`.
    """
    record = _Record(listener)
    began = time.perf_counter()
    work_dir = working_folder(out)
    asset = make_asset(
        start,
        end,
        preset_name=preset_name,
        seed=seed,
        listener=record.listen,
        work_dir=work_dir,
        options=options,
    )
    save_asset(asset, out)
    seconds = time.perf_counter() - began
    matted = record.matted
    assert matted is not None  # matting is the first stage of every run
    return Made(
        asset=asset,
        path=out,
        work_dir=work_dir,
        endpoints=endpoint_psnr(asset, matted.start, matted.end),
        seconds=seconds,
        stage_seconds={name: s for name, s in asset.provenance["seconds"].items() if name != "total"},
        reused=tuple(record.reused),
        notes=tuple(record.notes),
        peak_memory=peak_memory_bytes(),
    )


@dataclass
class _Record:
    """Passes events on and remembers what the account needs."""

    listener: Listener
    reused: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    matted: Keyframes | None = None

    def listen(self, event: Event) -> None:
        if isinstance(event, Note):
            self.notes.append(event)
        elif isinstance(event, StageFinished):
            if event.reused:
                self.reused.append(event.stage)
            if isinstance(event.value, Keyframes):
                self.matted = event.value
        self.listener(event)
