"""placeholder"""

import numpy as np
from scipy.spatial.transform import Rotation

from tween4d.synthetic.scene import Part, Scene, bind_rigid, fit_to_world
from tween4d.synthetic.shapes import rounded_box, superellipsoid, sweep
from tween4d.synthetic.skeleton import Joint, Skeleton
from tween4d.synthetic.textures import blob, fill, spots


def robot(generator: np.random.Generator) -> Scene:
    """A small robot that waves."""
    skeleton = Skeleton(
        (
            Joint("root", (0, 0, 0), start=(0, -25, 0), end=(0, -25, 0)),
            Joint("head", (0, 0.5, 0), 0, (0, 0, 0), (0, 30, 0)),
            Joint("left", (0.45, 0.35, 0), 0, (0, 0, -60), (0, 0, 70)),
            Joint("right", (-0.45, 0.35, 0), 0, (0, 0, 60), (30, 0, 40)),
        )
    )
    eye = np.eye(3)
    body = rounded_box((0.4, 0.45, 0.3), 0.12)
    head = superellipsoid((0.4, 0.3, 0.32), (0.6, 0.6)).placed(eye, np.array([0, 0.85, 0]))
    arm = sweep([(0, 0, 0), (0.35, 0, 0), (0.7, 0, 0)], [0.1, 0.08, 0.12], side=(0, 1, 0))
    white, red, black = (0.93, 0.9, 0.85), (0.85, 0.25, 0.2), (0.1, 0.1, 0.12)
    parts = []
    for name, mesh, joint, texture in (
        ("body", body, 0, (fill(red), spots(white, 0.25))),
        ("head", head, 1, (fill(white), blob(black, (0.15, 0.0, 0.3), (0.07, 0.07, 0.2), mirror=True))),
        ("left", arm.placed(eye, np.array([0.45, 0.35, 0])), 2, (fill(white),)),
        (
            "right",
            arm.placed(Rotation.from_euler("y", 180, degrees=True).as_matrix(), np.array([-0.45, 0.35, 0])),
            3,
            (fill(white),),
        ),
    ):
        parts.append(Part(name, mesh, texture, *bind_rigid(mesh, joint)))
    return fit_to_world(Scene("robot", tuple(parts), skeleton))
