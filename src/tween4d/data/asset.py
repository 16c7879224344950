"""The 4D asset: clips of canonical Gaussians and node motion on one timeline."""

from dataclasses import dataclass, field
from typing import Any, Literal

from tween4d.data.cameras import DEFAULT_FOV_DEGREES
from tween4d.data.gaussians import Gaussians
from tween4d.data.images import Image
from tween4d.data.nodes import NodeMotion, Skin

Repeat = Literal["ping-pong", "loop", "once"]


@dataclass(frozen=True)
class Clip:
    """One fragment's moving Gaussians. Outside [fade_in[0], fade_out[1]] the clip is invisible.

    Between fade_in[0] and fade_in[1] its opacity rises from 0 to 1, between fade_out[0] and fade_out[1] it falls
    to 0; the first clip has fade_in = (0, 0), the last fade_out = (1, 1). Around a seam the later clip rises while
    the earlier one falls.
    """

    gaussians: Gaussians
    skin: Skin
    motion: NodeMotion
    keyframe_time: float
    fade_in: tuple[float, float] = (0.0, 0.0)
    fade_out: tuple[float, float] = (1.0, 1.0)

    def presence(self, time: float) -> float:
        """Factor in [0, 1] on the clip's opacity at a time of the asset."""
        (i0, i1), (o0, o1) = self.fade_in, self.fade_out
        rise = 1.0 if time >= i1 else 0.0 if time <= i0 else (time - i0) / (i1 - i0)
        fall = 1.0 if time <= o0 else 0.0 if time >= o1 else (o1 - time) / (o1 - o0)
        return min(rise, fall)


@dataclass(frozen=True)
class Asset4D:
    """An object that can be seen from any side at any time in [0, 1].

    World: right-handed, +Y up, object within radius 0.5 of the origin, input camera on +Z at distance 2.
    """

    clips: tuple[Clip, ...]
    frame_count: int
    fps: float
    image_width: int
    image_height: int
    """Size of the input images, hence the aspect of the input camera."""
    fov_degrees: float = DEFAULT_FOV_DEGREES
    endpoints: tuple[Image, Image] | None = None
    """The matted inputs, kept for comparison in the player."""
    repeat: Repeat = "ping-pong"
    """What a player does at the end: back and forth, from the beginning again, or nothing."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """Priors, weights revision and licence, seed, config, version, input hashes, timings, plan scores (JSON values)."""
