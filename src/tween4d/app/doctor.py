"""What this installation can do: versions, backends, priors, threads, memory."""

import dataclasses
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import torch

from tween4d.app.memory import available_memory_bytes
from tween4d.app.run import own_version
from tween4d.config import preset
from tween4d.data.gaussians import sh_from_colors
from tween4d.errors import Tween4dError
from tween4d.priors.pretrained.catalogue import recommended
from tween4d.priors.pretrained.estimates import Estimate, estimate_all, measured_tflops
from tween4d.priors.register import DEFAULTS, REGISTER
from tween4d.splatting import rasterize

PACKAGES = (
    "torch", "numpy", "scipy", "numba", "pillow", "opencv-python-headless", "safetensors", "imageio-ffmpeg",
    "scikit-image", "flip-evaluator", "tyro", "rich", "jaxtyping",
)  # fmt: skip
BACKENDS = ("numba", "reference", "gsplat")


def findings() -> dict[str, Any]:
    """Everything a report of a problem should say, as plain values. Each backend renders one Gaussian to be sure."""
    backends = {name: _try_backend(name) for name in BACKENDS}
    player = files("tween4d.io").joinpath("player", "player.js").is_file()
    priors = [
        {
            "name": name,
            "role": entry.role,
            "kind": entry.info.kind,
            "licence": entry.info.licence,
            "default": DEFAULTS[entry.role] == name,
            "missing": [module for module in entry.needs if find_spec(module) is None],
        }
        for name, entry in REGISTER.items()
    ]
    problems = []
    if backends["numba"] != "ok":
        problems.append(f"the numba backend does not work, so nothing can be made: {backends['numba']}")
    if not player:
        problems.append("the player was not built into this installation: install again, with network access")
    free = _device_memory()
    ffmpeg = _ffmpeg()
    if ffmpeg is None:
        problems.append("no ffmpeg: videos can be neither read nor written; install imageio-ffmpeg again")
    return {
        "tween4d": own_version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": {name: _version(name) for name in PACKAGES},
        "backends": backends,
        "cuda": torch.cuda.is_available(),
        "priors": priors,
        "device_memory_free": free,
        "pretrained": [dataclasses.asdict(e) for e in pretrained_estimates()],
        "recommended": recommended(free / 1e9 if free is not None else None) or "embedded",
        "threads": torch.get_num_threads(),
        "processors": os.cpu_count(),
        "memory_available": available_memory_bytes(),
        "ffmpeg": ffmpeg,
        "player": player,
        "problems": problems,
    }


def examined(found: dict[str, Any]) -> str:
    """The findings as lines for a person."""
    rows = [
        ("tween4d", f"{found['tween4d']}, Python {found['python']}, {found['system']}"),
        ("packages", ", ".join(f"{name} {number or 'missing'}" for name, number in found["packages"].items())),
        ("backends", "; ".join(f"{name}: {state}" for name, state in found["backends"].items())),
        ("threads", f"{found['threads']} of {found['processors']} processors"),
        ("memory", f"{found['memory_available'] / 1e9:.1f} GB available" if found["memory_available"] else "unknown"),
        ("ffmpeg", found["ffmpeg"] or "missing"),
        ("player", "built" if found["player"] else "not built"),
    ]
    for prior in found["priors"]:
        state = f"needs {', '.join(prior['missing'])}" if prior["missing"] else "ready"
        if prior["kind"] == "pretrained" and not prior["missing"]:
            state = "its packages are here; weights: see below"
        default = ", default" if prior["default"] else ""
        rows.append(("prior", f"{prior['name']}: {prior['role']}, {prior['licence']}, {state}{default}"))
    rows += [("pretrained", _told(estimate)) for estimate in found["pretrained"]]
    rows.append(("advice", f"motion on this machine: {found['recommended']}"))
    rows += [("problem", text) for text in found["problems"]] or [("verdict", "all is well")]
    return "\n".join(f"{name:10s} {text}" for name, text in rows)


def pretrained_estimates() -> tuple[Estimate, ...]:
    """What each pretrained prior would take on this machine, by preset."""
    free = _device_memory()
    return estimate_all(
        free / 1e9 if free is not None else None,
        available_memory_bytes() / 1e9,
        _presets(),
        tflops=measured_tflops("cpu" if free is None else "cuda"),
    )


def _device_memory() -> int | None:
    """Free bytes of the CUDA device, if there is one."""
    return torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else None


def _presets() -> dict[str, tuple[int, int]]:
    """Frames and fragments of each preset."""
    configs = {name: preset(name) for name in ("draft", "standard", "fine")}
    return {name: (config.guide.frames, config.fragment.fragments or 4) for name, config in configs.items()}


def _told(estimate: dict[str, Any]) -> str:
    fits = "fits" if estimate["fits"] else "does not fit"
    times = ", ".join(f"{preset} {_duration(minutes)}" for preset, minutes in estimate["minutes"].items())
    here = "weights here" if estimate["here"] else "weights not here"
    # A time for what cannot be held would read as if waiting helped.
    known = estimate["fits"] and any(estimate["minutes"].values())
    times = f"; rough times, by the speed measured now: {times}" if known else ""
    return f"{estimate['name']}: {here}; {fits} (about {estimate['memory_gb']:g} GB; {estimate['policy']}){times}"


def _duration(minutes: float) -> str:
    """Minutes below two hours, then hours, then days."""
    if minutes < 120:
        return f"{minutes:.1g} min" if minutes < 10 else f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"


def _try_backend(name: str) -> str:
    device = "cuda" if name == "gsplat" else "cpu"
    if name == "gsplat" and (find_spec("gsplat") is None or not torch.cuda.is_available()):
        return "not here (needs gsplat and a CUDA device); not needed"
    eye = torch.eye(4, device=device)[None]
    try:
        _, alpha, _ = rasterize(
            torch.tensor([[0.0, 0.0, 2.0]], device=device),
            torch.tensor([[1.0, 0.0, 0.0, 0.0]], device=device),
            torch.full((1, 3), 0.1, device=device),
            torch.tensor([0.9], device=device),
            sh_from_colors(torch.ones(1, 3, device=device)),
            eye,
            torch.tensor([[[16.0, 0.0, 8.0], [0.0, 16.0, 8.0], [0.0, 0.0, 1.0]]], device=device),
            16,
            16,
            sh_degree=0,
            backend=name,
        )
    except (Tween4dError, ImportError, RuntimeError, OSError) as error:
        return f"fails ({type(error).__name__}: {error})"
    return "ok" if float(alpha.max()) > 0.5 else "draws nothing"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_version()
    except (ImportError, OSError, RuntimeError):
        return None
