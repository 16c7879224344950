"""The object of `make demo` and of the end-to-end test, and its two committed pictures."""

from pathlib import Path

from tween4d.synthetic.families.robot import RobotPose, RobotStyle, build_robot
from tween4d.synthetic.scene import Scene

FOLDER = Path(__file__).parent / "example"
EXAMPLE = RobotStyle(
    start=RobotPose(
        root=(0, -22, 0),
        chest=(4, -4, 3),
        head=(6, -12, 5),
        antenna=(-8, 0, 16),
        left_arm=((14, 0, 20), (-38, 0, 0), (0, 72, 0)),
        right_arm=((-42, 0, -22), (-58, 0, 0), (0, -20, 0)),
        left_leg=((-4, 0, 3), (8, 0, 0)),
        right_leg=((6, 0, -3), (4, 0, 0)),
    ),
    end=RobotPose(
        root=(0, -14, 0),
        chest=(-4, 8, -5),
        head=(-6, 30, -10),
        antenna=(6, 0, -22),
        left_arm=((-8, 0, 112), (0, 0, 42), (0, 84, 8)),
        right_arm=((30, 0, -38), (-36, 0, 0), (0, -64, 0)),
        left_leg=((2, 0, 3), (4, 0, 0)),
        right_leg=((-56, 0, -8), (58, 0, 0)),
        key=130,
    ),
)


def example_scene() -> Scene:
    """The example object, a robot that greets; always the same."""
    return build_robot(EXAMPLE)


def example_pair_paths() -> tuple[Path, Path]:
    """The committed pictures of `example_scene` at times 0 and 1 from the input camera: 512 x 512, RGBA."""
    return FOLDER / "start.png", FOLDER / "end.png"
