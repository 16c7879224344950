"""Descriptors from the matching network that ships with the package: no download, quick on a CPU."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.images import Image
from tween4d.priors.embedded.motion.evidence import flow_evidence
from tween4d.priors.embedded.motion.matching import shipped_network
from tween4d.priors.embedded.motion.network import SIDE, network_input


class MatchingFeatures:
    """What the network says of a picture's places when it is shown the picture twice.

    Only what the places look like is kept; where they are, which the network also tells, is not.
    """

    def describe(self, image: Image) -> Float[Tensor, "c gh gw"]:
        """Unit-length descriptors on a square grid over the picture and its margin; deterministic."""
        network = shipped_network()
        alpha = torch.ones_like(image.rgb[..., 0]) if image.alpha is None else image.alpha
        picture = torch.cat([image.rgb * alpha[..., None], alpha[..., None]], -1).permute(2, 0, 1)
        side = max(image.height, image.width)
        top, left = (side - image.height) // 2, (side - image.width) // 2
        margins = (left, side - image.width - left, top, side - image.height - top)
        square = torch.nn.functional.pad(picture, margins)[None]
        small = torch.nn.functional.interpolate(square, (SIDE, SIDE), mode="bilinear", antialias=True)[0]
        pair = small.expand(2, -1, -1, -1)
        evidence = flow_evidence(np.ascontiguousarray(pair.permute(0, 2, 3, 1).numpy()))
        with torch.inference_mode():
            found, _ = network(network_input(pair[None]), torch.from_numpy(evidence)[None])
        content = found[0, 0, : network.content.out_channels - 1].clone()
        return torch.nn.functional.normalize(content, dim=0)


def make_features() -> MatchingFeatures:
    """The embedded features."""
    return MatchingFeatures()
