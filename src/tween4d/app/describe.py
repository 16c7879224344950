"""What an asset is and how it was made, from its manifest."""

from pathlib import Path
from typing import Any

from tween4d.errors import AssetError
from tween4d.io.asset import read_manifest


def description(path: Path) -> dict[str, Any]:
    """Everything that is known of an asset, as plain values; its tensors are not read.

    Raises:
        AssetError: when the file is none, or damaged.
    """
    manifest = read_manifest(path)
    try:
        return _facts(path, manifest)
    except (KeyError, TypeError, AttributeError) as error:
        raise AssetError(
            "the manifest lacks what every asset says", f"{error}: {path}", "make the asset again"
        ) from error


def _facts(path: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    return {
        "asset": str(path),
        "bytes": path.stat().st_size,
        "format_version": manifest["version"],
        "frames": manifest["timeline"]["frame_count"],
        "fps": manifest["timeline"]["fps"],
        "gaussians": sum(clip["gaussians"] for clip in manifest["clips"]),
        "camera": manifest["camera"],
        "world": manifest["world"],
        "clips": [
            {name: clip[name] for name in ("gaussians", "nodes", "keyframe_time", "fade_in", "fade_out")}
            for clip in manifest["clips"]
        ],
        "endpoints": manifest["endpoints"] is not None,
        "provenance": _without_film(dict(manifest["provenance"])),
    }


def _without_film(provenance: dict[str, Any]) -> dict[str, Any]:
    """The provenance without the small pictures, which `tween4d explain` shows."""
    plan = provenance.get("plan")
    if isinstance(plan, dict):
        provenance["plan"] = {name: value for name, value in plan.items() if name != "film"}
    return provenance


def described(told: dict[str, Any]) -> str:
    """A description as lines for a person."""
    camera, made = told["camera"], told["provenance"]
    seconds = told["frames"] / told["fps"]
    rows = [
        ("file", f"{told['asset']}, {told['bytes'] / 1e6:.2f} MB, format {told['format_version']}"),
        ("motion", f"{told['frames']} frames at {told['fps']:g} per second, {seconds:.1f} s"),
        ("Gaussians", f"{told['gaussians']} in {len(told['clips'])} clips"),
        ("camera", f"{camera['width']}x{camera['height']}, {camera['fov_degrees']:g} degrees"),
    ]
    rows += [
        (f"clip {index}", f"keyframe at {clip['keyframe_time']:.3f}, {clip['gaussians']} Gaussians, {_span(clip)}")
        for index, clip in enumerate(told["clips"])
    ]
    rows.append(("made by", f"tween4d {made.get('tween4d', '?')}"))
    if "preset" in made:
        rows.append(("preset", f"{made['preset']}, seed {made.get('seed', '?')}"))
    for prior in made.get("priors", ()):
        rows.append(
            ("prior", f"{prior.get('name')} ({prior.get('kind', prior.get('source', '?'))}), {_licence(prior)}")
        )
    for name, entry in made.get("inputs", {}).items():
        rows.append((name.replace("_", " "), f"{entry.get('file')}, sha256 {str(entry.get('sha256'))[:16]}"))
    if "total" in made.get("seconds", {}):
        rows.append(("took", f"{made['seconds']['total']:.0f} s"))
    if made.get("device_memory_gb"):
        told_gb = (f"{stage} {gb:.1f} GB" for stage, gb in made["device_memory_gb"].items())
        rows.append(("GPU memory", ", ".join(told_gb)))
    return "\n".join(f"{name:10s} {text}" for name, text in rows)


def _span(clip: dict[str, Any]) -> str:
    return f"seen from {clip['fade_in'][0]:.3f} to {clip['fade_out'][1]:.3f}"


def _licence(prior: dict[str, Any]) -> str:
    return str(prior.get("licence", "licence unknown"))
