"""Why the motion was divided as it was: what a run records of its plan, and a page that shows it."""

import base64
import html
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from tween4d.data.fragments import FragmentPlan
from tween4d.data.images import Image
from tween4d.errors import AssetError
from tween4d.io.asset import read_manifest
from tween4d.io.atomic import whole_file
from tween4d.io.images import resize_image, to_bytes

THUMB = 56
CELL = 10


def plan_record(plan: FragmentPlan) -> dict[str, Any]:
    """What an asset keeps of its plan, as JSON values: fragments, splits, scores of candidates, and small pictures."""
    video = plan.guide.video
    scale = THUMB / max(video.rgb.shape[1:3])
    size = [max(1, round(side * scale)) for side in video.rgb.shape[1:3]]
    film = []
    for frame in plan.frames:
        small = resize_image(video.frame(frame), size[1], size[0])
        film.append(base64.b64encode(to_bytes(Image(small.on(1.0)), "WEBP", quality=60)).decode())
    return {
        "fragments": [
            {"first": f.first, "last": f.last, "keyframe": f.keyframe, "reason": f.reason} for f in plan.fragments
        ],
        "scores": [
            {
                "frame": s.frame,
                "motion": s.motion,
                "fidelity": s.fidelity,
                "depth": s.depth,
                "reason": s.reason,
            }
            for s in plan.scores
        ],
        "frames": list(plan.frames),
        "motion": _rounded(plan.distances),
        "appearance": _rounded(plan.appearance) if plan.appearance is not None else [],
        "fidelity": _rounded(plan.fidelity) if plan.fidelity is not None else [],
        "film": film,
    }


def write_explanation(asset: Path, out: Path) -> Path:
    """Write one offline page on how an asset's motion was divided; it holds no script.

    Raises:
        AssetError: when the asset cannot be read, or records no plan.
        OutputError: when the page cannot be written.
    """
    plan = read_manifest(asset)["provenance"].get("plan")
    if not isinstance(plan, dict) or not plan.get("film"):
        raise AssetError("the asset does not record its plan", str(asset), "make it again with `tween4d run`")
    try:
        text = explanation(plan, asset.name)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise AssetError("the asset's plan cannot be understood", f"{error}: {asset}", "make it again") from error
    with whole_file(out) as part:
        part.write_text(text, encoding="utf-8")
    return out


def explanation(plan: dict[str, Any], name: str) -> str:
    """The page as text, from what `plan_record` kept."""
    cuts = {part["first"] for part in plan["fragments"][1:]}
    rows = "".join(
        f"<tr><td>{number}</td><td>{part['first']} to {part['last']}</td><td>{part['keyframe']}</td>"
        f"<td>{html.escape(part['reason'])}</td></tr>"
        for number, part in enumerate(plan["fragments"], 1)
    )
    splits = "".join(
        f"<tr><td>{number}</td><td>{s['frame']}</td><td>{s['depth']}</td><td>{s['motion']:.1%}</td>"
        f"<td>{s['fidelity']:.2f}</td><td>{html.escape(s['reason'])}</td></tr>"
        for number, s in enumerate(plan["scores"], 1)
    )
    maps = "".join(
        f"<figure><figcaption>{title}; white is none, black is {_peak(plan[key]):.3f}</figcaption>"
        f"{_heat_map(plan[key], plan['frames'], cuts)}</figure>"
        for key, title in (
            ("motion", "Motion between two frames, in sizes of the object"),
            ("appearance", "Change in looks between two frames"),
        )
    )
    return _PAGE.format(
        name=html.escape(name),
        strip=_filmstrip(plan, cuts),
        splits=splits or '<tr><td colspan="6">The motion was not divided.</td></tr>',
        rows=rows,
        maps=maps,
    )


def _filmstrip(plan: dict[str, Any], cuts: set[int]) -> str:
    keyframes = {part["keyframe"] for part in plan["fragments"]}
    pictures = []
    for row, (frame, picture) in enumerate(zip(plan["frames"], plan["film"], strict=True)):
        marks = [word for word, found in (("cut", frame in cuts), ("keyframe", frame in keyframes)) if found]
        number = sum(frame >= part["first"] for part in plan["fragments"])
        base64.b64decode(picture, validate=True)
        pictures.append(
            f'<figure class="f{number % 2} {" ".join(marks)}"><img alt="frame {frame}" '
            f'src="data:image/webp;base64,{picture}"><figcaption>frame {frame}<br>fragment {number}<br>'
            f"fidelity {plan['fidelity'][row]:.2f}<br><b>{', '.join(marks)}</b></figcaption></figure>"
        )
    return "".join(pictures)


def _heat_map(values: list[list[float]], frames: list[int], cuts: set[int]) -> str:
    """A square of cells, first frame at the top left; lines stand at the cuts."""
    side, peak = CELL * len(frames), max(_peak(values), 1e-9)
    cells = "".join(
        f'<rect x="{x * CELL}" y="{y * CELL}" width="{CELL}" height="{CELL}" '
        f'fill="hsl(215,45%,{100 - 88 * min(1.0, value / peak):.0f}%)">'
        f"<title>frames {frames[y]} and {frames[x]}: {value:.3f}</title></rect>"
        for y, line in enumerate(values)
        for x, value in enumerate(line)
    )
    lines = "".join(
        f'<path d="M{at} 0V{side}M0 {at}H{side}"/>'
        for at in (frames.index(frame) * CELL + CELL / 2 for frame in sorted(cuts) if frame in frames)
    )
    return f'<svg viewBox="0 0 {side} {side}" width="{side}" height="{side}">{cells}{lines}</svg>'


def _peak(values: list[list[float]]) -> float:
    return max((float(value) for line in values for value in line), default=0.0)


def _rounded(values: Float[Tensor, "..."]) -> Any:
    return (values.double() * 1e4).round().div(1e4).tolist()


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>The plan of {name}</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 24px auto; max-width: 1100px; padding: 0 16px; color: #1d2530; }}
h2 {{ margin-top: 28px; font-size: 17px; }}
.strip {{ display: flex; flex-wrap: wrap; gap: 6px; }}
figure {{ margin: 0; }}
.strip figure {{ width: 84px; padding: 5px; border: 2px solid transparent; background: #eef1f5; font-size: 11px; }}
.strip .f0 {{ background: #dfe7f1; }}
.strip .cut {{ border-left-color: #b3392c; }}
.strip .keyframe {{ border-bottom-color: #1d6fb8; }}
.strip img {{ display: block; margin: 0 auto 3px; }}
table {{ border-collapse: collapse; }}
td, th {{ text-align: left; padding: 4px 10px; border-bottom: 1px solid #d5dae1; vertical-align: top; }}
.maps {{ display: flex; flex-wrap: wrap; gap: 28px; }}
svg {{ margin-top: 6px; border: 1px solid #b9c1cc; }}
path {{ stroke: #b3392c; fill: none; }}
</style></head><body>
<h1>The plan of {name}</h1>
<p>The guiding video was divided where the motion from both neighbours is large and the frame looks like the two
input pictures. Fidelity is 1 for a frame whose colours and details are those of the inputs.</p>
<h2>Guiding video</h2>
<p>Candidates for keyframes. A red edge marks a cut, a blue one the frame at which a fragment's Gaussians live.</p>
<div class="strip">{strip}</div>
<h2>Splits, in the order they were made</h2>
<table><tr><th></th><th>frame</th><th>depth</th><th>motion</th><th>fidelity</th><th>reason</th></tr>{splits}</table>
<h2>Fragments</h2>
<table><tr><th></th><th>frames</th><th>keyframe</th><th>why it was not divided further</th></tr>{rows}</table>
<h2>Pairs of frames</h2>
<p>Rows and columns are the candidates in order; red lines are the cuts. Rest on a cell to read it.</p>
<div class="maps">{maps}</div>
</body></html>
"""
