"""The axes of splat files: x right, y down, z away from the input camera; half a turn about x from our world."""

from dataclasses import replace

import torch

from tween4d.data.gaussians import Gaussians

# How the turn changes each harmonic: by the parity of y and z in it.
SIGNS = (1, -1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, -1, 1, -1, 1)


def turn_over(gaussians: Gaussians) -> Gaussians:
    """Gaussians after half a turn about the x axis: from our world (y up) to splat files (y down), or back.

    Centres, orientations and harmonics turn, so that every colour is seen from the side it was seen from before.
    """
    w, x, y, z = gaussians.quats.unbind(-1)
    signs = gaussians.sh.new_tensor(SIGNS[: gaussians.sh.shape[1]])
    return replace(
        gaussians,
        means=gaussians.means * gaussians.means.new_tensor([1.0, -1.0, -1.0]),
        quats=torch.stack([-x, w, -z, y], -1),
        sh=gaussians.sh * signs[:, None],
    )
