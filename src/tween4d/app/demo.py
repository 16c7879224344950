"""The demo: the committed example pair to an asset, its exports, and what they are worth against the truth."""

from dataclasses import dataclass
from pathlib import Path

from tween4d.app.bench import judge_asset
from tween4d.app.case import Case, load_case, write_case
from tween4d.app.export import export_asset
from tween4d.app.making import Made, make_to_file
from tween4d.app.scoring import CaseScores
from tween4d.errors import InputError
from tween4d.events import Listener, Note, silent
from tween4d.io.atomic import check_target
from tween4d.synthetic import example_pair_paths, example_scene, render_case


@dataclass(frozen=True)
class DemoResult:
    """Where everything is, and how good it is."""

    made: Made
    page: Path
    film: Path
    sheet: Path
    scores: CaseScores

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        files = {"page": str(self.page), "film": str(self.film), "sheet": str(self.sheet)}
        return self.made.as_json() | files | {"scores": self.scores.as_json()}

    def told(self) -> str:
        """The result as lines for a person."""
        megabytes = self.made.path.stat().st_size / 1e6
        lines = [
            f"asset          {self.made.path}  ({megabytes:.2f} MB, {self.made.gaussians} Gaussians)",
            f"player page    {self.page}  (open it in a browser; it works offline)",
            f"turntable      {self.film}",
            f"contact sheet  {self.sheet}",
            "",
            "measured against the truth of the generated object",
            f"  the two images given back    {self.made.endpoints[0]:.1f} and {self.made.endpoints[1]:.1f} dB",
        ]
        names = {
            "input": "between them, same view",
            "near": "up to 45 degrees aside",
            "far": "from the side and behind",
        }
        for group, name in names.items():
            score = self.scores.groups.get(group)
            if score is not None:
                lines.append(f"  {name:27s}  {score.psnr_masked:.1f} dB on the object, outlines agree {score.iou:.0%}")
        if self.scores.endpoint is not None and self.scores.endpoint_frozen:
            lines.append(
                f"  error of the 3D motion       {self.scores.endpoint:.1f} % of the object's size "
                f"({self.scores.endpoint_frozen:.1f} % if it stood still)"
            )
        return "\n".join(lines)


def make_demo(out: Path, preset_name: str = "standard", listener: Listener = silent) -> DemoResult:
    """Make the example asset with its exports in a folder, and measure it; what is finished is reused.

    Args:
        out: gets `robot.t4d`, `robot.html`, `robot.mp4`, `renders` with `sheet.png`, and `truth`, the case.
    Raises:
        Tween4dError: when something cannot be written.
    """
    scene = example_scene()
    start, end = example_pair_paths()
    target = out / f"{scene.name}.t4d"
    check_target(target, overwrite=True)
    made = make_to_file(start, end, target, preset_name=preset_name, listener=listener)
    page = export_asset(made.asset, target.with_suffix(".html"))
    film = export_asset(made.asset, target.with_suffix(".mp4"))
    case = _truth(out / "truth", listener)
    scores = judge_asset(made.asset, case, out / "renders")
    return DemoResult(made, page, film, out / "renders" / "sheet.png", scores)


def _truth(folder: Path, listener: Listener) -> Case:
    """The case with the truth, rendered once."""
    try:
        return load_case(folder)
    except InputError:
        listener(Note("rendering the truth of the example, once"))
        return write_case(render_case(example_scene()), folder)
