"""What classical flow says of a pair of pictures, as the matching network weighs it."""

import cv2
import numpy as np
from jaxtyping import Float

from tween4d.priors.embedded.motion.flow import grey, sample
from tween4d.priors.embedded.motion.network import SIDE, STRIDE


def flow_evidence(pictures: Float[np.ndarray, "2 s s 4"]) -> Float[np.ndarray, "2 4 h w"]:
    """Flow both ways between two premultiplied crops, at the network's cells.

    Returns:
        For each picture and cell: where the flow carries its centre (x, y) in pixels, how far the way there and back
        misses it in pixels, and the squared difference of what is seen at both places.
    """
    greys = [grey(picture) for picture in pictures]
    engine = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flows = [engine.calc(greys[k], greys[1 - k], None) for k in range(2)]
    count = SIDE // STRIDE
    line = (np.arange(count) + 0.5) * STRIDE
    centres = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    out = np.empty((2, 4, count, count), np.float32)
    for k in range(2):
        there = centres + sample(flows[k], centres)
        missed = np.linalg.norm(there + sample(flows[1 - k], there) - centres, axis=-1)
        differs = np.square(sample(pictures[k], centres) - sample(pictures[1 - k], there)).sum(-1)
        planes = np.concatenate([there, missed[:, None], differs[:, None]], 1)
        out[k] = planes.T.reshape(4, count, count)
    return out
