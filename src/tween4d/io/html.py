"""The player page: one HTML file that shows an asset from disk, without a network."""

import base64
import html
import json
import re
import zlib
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.images import Image
from tween4d.errors import AssetError, BackendError
from tween4d.io.atomic import whole_file

PAGE_FORMAT = 1
"""Version of the data block; the player refuses any other."""
ENDPOINT_SIDE = 640
ENDPOINT_QUALITY = 90

# The policy makes the promise enforceable: the browser itself refuses every request that leaves the page. Spark's
# sorter is a worker made from a blob and runs WebAssembly that lies in the script.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="generator" content="tween4d">
<link rel="icon" href="data:,">
<title>{title}</title>
</head>
<body>
<div id="tween4d"></div>
<noscript>This page plays a 3D object in motion and needs JavaScript.</noscript>
<script type="application/json" id="tween4d-manifest">{manifest}</script>
<script type="text/plain" id="tween4d-data">{data}</script>
<script>{player}</script>
</body>
</html>
"""


def write_html(asset: Asset4D, target: Path) -> Path:
    """Write the asset as a self-contained page that plays it: orbit, time, comparison with the inputs.

    Values are quantised (8 bits for colour, opacity, scale and weights, 16 for places and motion) and deflated.
    Only view-independent colour is kept.

    Args:
        asset: any valid asset; its `endpoints`, if present, are embedded for comparison.
        target: the file; its name without suffix becomes the page's title. Replaced only when complete.
    Returns:
        `target`.
    Raises:
        BackendError: the player has not been built into this installation.
        AssetError: the asset holds values that are not finite.
        OutputError: the operating system refuses.
    """
    player = _player_script()
    data, arrays = _pack(_columns(asset))
    manifest = _manifest(asset, target.stem) | {"arrays": arrays}
    page = PAGE.format(
        policy=POLICY,
        title=html.escape(target.stem),
        # "<" can only occur inside a JSON string, where its escape means the same and cannot end the element.
        manifest=json.dumps(manifest, allow_nan=False).replace("<", "\\u003c"),
        data=base64.b64encode(data).decode("ascii"),
        player=player,
    )
    with whole_file(target) as part:
        part.write_text(page, encoding="utf-8")
    return target


def _player_script() -> str:
    source = files("tween4d.io").joinpath("player", "player.js")
    if not source.is_file():
        raise BackendError(
            "the player page was not built into this installation of tween4d",
            remedy="install it again with 'pip install .' in a clone of the repository, with network access",
        )
    script = source.read_text(encoding="utf-8")
    # An HTML parser would end the element here; inside a JavaScript string or comment the escape means the same.
    return re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE).replace("<!--", "<\\!--")


def _manifest(asset: Asset4D, title: str) -> dict[str, Any]:
    clips, first, first_node, first_pose = [], 0, 0, 0
    for clip in asset.clips:
        nodes, times = len(clip.motion.rest), clip.motion.times.tolist()
        clips.append(
            {
                "first": first,
                "count": len(clip.gaussians),
                "firstNode": first_node,
                "nodes": nodes,
                "firstPose": first_pose,
                "times": [round(time, 6) for time in times],
                "keyframe": clip.keyframe_time,
                "fadeIn": list(clip.fade_in),
                "fadeOut": list(clip.fade_out),
            }
        )
        first, first_node, first_pose = first + len(clip.gaussians), first_node + nodes, first_pose + nodes * len(times)
    return {
        "format": PAGE_FORMAT,
        "title": title,
        "frames": asset.frame_count,
        "fps": asset.fps,
        "width": asset.image_width,
        "height": asset.image_height,
        "fov": asset.fov_degrees,
        "gaussians": first,
        "clips": clips,
        "endpoints": None if asset.endpoints is None else [_data_url(image) for image in asset.endpoints],
        "bounds": _bounds(asset),
        "about": _about(asset),
    }


def _bounds(asset: Asset4D) -> list[float]:
    """Left, top, right, bottom of the object over both input pictures, as shares of width and height."""
    covered = [image.alpha > 0.5 for image in asset.endpoints or () if image.alpha is not None]
    if not covered or not any(bool(mask.any()) for mask in covered):
        return [0.0, 0.0, 1.0, 1.0]
    boxes = []
    for mask in covered:
        rows, columns = torch.nonzero(mask.any(1))[:, 0], torch.nonzero(mask.any(0))[:, 0]
        if len(rows):
            height, width = mask.shape
            box = [columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height]
            boxes.append(torch.stack(box))
    low, high = torch.stack(boxes).amin(0), torch.stack(boxes).amax(0)
    return [round(float(value), 5) for value in (*low[:2], *high[2:])]


def _about(asset: Asset4D) -> list[tuple[str, str]]:
    """What the page says about the asset: counts, and the plain values of its provenance that a viewer may want."""
    frames = f"{asset.frame_count} at {asset.fps:g} per second"
    rows = [("Frames", frames), ("Gaussians", f"{sum(len(clip.gaussians) for clip in asset.clips):,}")]
    rows.append(("Keyframes", f"{len(asset.clips)}, the dots under the time line"))
    for key, label in (("preset", "Preset"), ("seed", "Seed"), ("tween4d", "Made by tween4d")):
        value = asset.provenance.get(key)
        if isinstance(value, str | int | float):
            rows.append((label, str(value)))
    return rows


def _data_url(image: Image) -> str:
    alpha = torch.ones_like(image.rgb[..., 0]) if image.alpha is None else image.alpha
    levels = (torch.cat([image.rgb, alpha[..., None]], -1).clamp(0, 1) * 255).round().byte().cpu().numpy()
    picture = Pillow.fromarray(levels)
    picture.thumbnail((ENDPOINT_SIDE, ENDPOINT_SIDE))
    stream = BytesIO()
    picture.save(stream, "WEBP", quality=ENDPOINT_QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _columns(asset: Asset4D) -> dict[str, tuple[list[Tensor], int]]:
    """Every array of the page as parts, one per clip, and the bits each value is stored in."""
    clips = asset.clips
    # Local indices stay below 256 for the usual number of nodes; the player adds each clip's first node.
    most_nodes = max(len(clip.motion.rest) for clip in clips)

    def each(values: Any, bits: int) -> tuple[list[Tensor], int]:
        return [values(clip) for clip in clips], bits

    def unit_quats(clip: Clip) -> Tensor:
        quats = clip.gaussians.quats
        return quats / quats.norm(dim=-1, keepdim=True).clamp(min=1e-12)

    return {
        "means": each(lambda clip: clip.gaussians.means, 16),
        "quats": each(unit_quats, 8),
        "logScales": each(lambda clip: clip.gaussians.log_scales.clamp(-14, 2), 8),
        "opacities": each(lambda clip: clip.gaussians.opacities, 8),
        "colors": each(lambda clip: clip.gaussians.colors.clamp(-0.5, 1.5), 8),
        "skinIndices": each(lambda clip: clip.skin.indices, 8 if most_nodes <= 256 else 16),
        "skinWeights": each(lambda clip: clip.skin.weights, 8),
        "rest": each(lambda clip: clip.motion.rest, 16),
        "poseQuats": each(lambda clip: clip.motion.quats, 16),
        "poseTranslations": each(lambda clip: clip.motion.translations, 16),
    }


def _pack(columns: dict[str, tuple[list[Tensor], int]]) -> tuple[bytes, dict[str, dict[str, Any]]]:
    """One deflated block of all arrays, quantised linearly between their extremes, and where each lies in it."""
    block = bytearray()
    entries: dict[str, dict[str, Any]] = {}
    for name, (parts, bits) in columns.items():
        values = np.concatenate([part.detach().cpu().double().numpy().reshape(-1) for part in parts])
        if not np.isfinite(values).all():
            raise AssetError("the asset holds values that are not finite", name, "make the asset again")
        top = 2**bits - 1
        # Indices must come back exactly, so their range is that of the type.
        low, high = (0.0, float(top)) if name == "skinIndices" else (float(values.min()), float(values.max()))
        levels = np.rint((values - low) / ((high - low) or 1.0) * top)
        block += b"\0" * (len(block) % 2)
        kind = "uint8" if bits == 8 else "uint16"
        entries[name] = {"type": kind, "offset": len(block), "length": len(values), "min": low, "max": high}
        block += levels.astype("<u1" if bits == 8 else "<u2").tobytes()
    return zlib.compress(bytes(block), 9), entries
