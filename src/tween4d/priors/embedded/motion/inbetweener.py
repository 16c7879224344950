"""The embedded inbetweener: two registered sheets swing towards each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from tween4d.data.drags import Drag
from tween4d.data.images import Image
from tween4d.data.video import Guide, Lattice, Video
from tween4d.geometry.barycentric import locate, ride
from tween4d.geometry.lattice import Sheet, cover_mask, interpolate_sheet, make_sheet
from tween4d.priors.embedded.motion.handles import Pull, bend
from tween4d.priors.embedded.motion.matching import match_pictures, shipped_network
from tween4d.priors.embedded.motion.network import MatchingNetwork
from tween4d.priors.embedded.motion.registration import Likenesses, RegisterConfig, Registered, register
from tween4d.priors.embedded.motion.rendering import PosedSheet, draw_moment

AGREED = 8.0
"""Round-trip error in pixels at which two places stop being each other's counterpart."""


@dataclass(frozen=True)
class MotionConfig:
    """How finely and how stiffly the motion is described."""

    spacing: float = 6.0
    """Edge length of the sheets' triangles, pixels of a picture whose longer side is 256."""
    register: RegisterConfig = RegisterConfig()
    """How the two sheets are laid onto each other."""
    ease: float = 1.0
    """How far the motion starts and ends at rest: 0 is uniform, 1 the cubic whose speed is 0 at both ends."""


class LatticeInbetweener:
    """Imagines motion without learned weights: what is matched moves as rigidly as possible, the rest stays."""

    def __init__(self, config: MotionConfig = MotionConfig()) -> None:
        self.config = config

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        """A guide of `frames` frames with one sheet per end; see `Inbetweener`. The prompt has no effect."""
        return self.steered(start, end, frames, (), prompt=prompt, seed=seed)

    def steered(
        self, start: Image, end: Image, frames: int, drags: tuple[Drag, ...], *, prompt: str, seed: int
    ) -> Guide:
        """The same with both sheets bent by the drags; see `Steerable`."""
        times = np.linspace(0, 1, frames)
        progress = eased(times, self.config.ease)
        pictures = [_premultiplied(image) for image in (start, end)]
        spacing = self.config.spacing * max(start.width, start.height) / 256
        sheets = [make_sheet(*cover_mask(p[..., 3] > 0.1, spacing)) for p in pictures]
        likenesses = self._likenesses((sheets[0], sheets[1]), (pictures[0], pictures[1]))
        there, back = register(
            (sheets[0], sheets[1]), (pictures[0], pictures[1]), spacing, self.config.register, likenesses
        )
        posed = [
            interpolate_sheet(sheets[0], there.posed, progress),
            interpolate_sheet(sheets[1], back.posed, 1 - progress),
        ]
        posed = reconciled(sheets, posed, (there, back), progress)
        if drags:
            side = np.array([start.width, start.height])
            pulls = [Pull(np.array(drag.source) * side, np.array(drag.target) * side, drag.time) for drag in drags]
            posed = bend(tuple((poses, sheet.triangles) for sheet, poses in zip(sheets, posed, strict=True)), pulls)
        drawn = [
            # What has a counterpart lies in front of what has none.
            PosedSheet(
                picture, sheet.rest, poses, sheet.triangles, found.confidence, found.confidence[sheet.triangles].mean(1)
            )
            for sheet, picture, found, poses in zip(sheets, pictures, (there, back), posed, strict=True)
        ]
        moments = [draw_moment(drawn[0], drawn[1], row, float(t)) for row, t in enumerate(progress)]
        video = _video(moments, start, end, times)
        return Guide(video, (_lattice(drawn[0], there, 0), _lattice(drawn[1], back, -1)))

    def _likenesses(
        self, sheets: tuple[Sheet, Sheet], pictures: tuple[Float[np.ndarray, "h w 4"], Float[np.ndarray, "h w 4"]]
    ) -> Likenesses | tuple[None, None]:
        return None, None


class MatchedInbetweener(LatticeInbetweener):
    """Imagines motion with the help of a network that was trained to find places of one picture in another."""

    def __init__(self, config: MotionConfig = MotionConfig(), network: MatchingNetwork | None = None) -> None:
        super().__init__(config)
        self._network = network

    def _likenesses(
        self, sheets: tuple[Sheet, Sheet], pictures: tuple[Float[np.ndarray, "h w 4"], Float[np.ndarray, "h w 4"]]
    ) -> Likenesses:
        """Raises WeightsError when the shipped network is asked for and not sound."""
        matching = match_pictures(self._network or shipped_network(), *pictures)
        first = matching.likeness(0, sheets[0].rest, pictures[1][..., 3])
        second = matching.likeness(1, sheets[1].rest, pictures[0][..., 3])
        return first, second


def eased(times: Float[np.ndarray, "t"], ease: float) -> Float[np.ndarray, "t"]:
    """How much of the motion is done at each moment.

    People photograph a motion at its extremes, where it turns or rests. In the clips of the training models, between
    the two states that are farthest apart, the mean progress at eighths of the time is .07 .18 .36 .56 .74 .87 .95,
    close to this cubic; uniform motion misses it by 11 % of the path more.
    """
    return times + ease * (times * times * (3 - 2 * times) - times)


def _premultiplied(image: Image) -> Float[np.ndarray, "h w 4"]:
    rgb = image.rgb.detach().cpu().numpy().astype(np.float64)
    alpha = np.ones(rgb.shape[:2]) if image.alpha is None else image.alpha.detach().cpu().numpy().astype(np.float64)
    return np.concatenate([rgb * alpha[..., None], alpha[..., None]], -1)


def reconciled(
    sheets: Sequence[Sheet],
    posed: Sequence[Float[np.ndarray, "t _ 2"]],
    found: tuple[Registered, Registered],
    times: Float[np.ndarray, "t"],
) -> list[Float[np.ndarray, "t _ 2"]]:
    """Poses of both sheets brought together where they are each other's counterpart.

    A vertex follows its own sheet's path near its own end and its counterpart's path near the other end, so that both
    sheets show a matched part in one place; vertices without a counterpart keep their own path.
    """
    out = []
    for own, other, own_times in ((0, 1, times), (1, 0, 1 - times)):
        arrived = found[own].posed
        triangle, coordinates, outside = locate(arrived, sheets[other].rest, sheets[other].triangles)
        theirs = ride(triangle, coordinates, posed[other], sheets[other].triangles)
        home = theirs[-1 if own == 1 else 0]
        gap = np.linalg.norm(home - sheets[own].rest, axis=-1)
        agreed = np.exp(-np.square(gap / AGREED)) * (outside < 0.5)
        # Their path is shifted to begin at this vertex; what is left of the round trip fades.
        theirs = theirs + (1 - own_times)[:, None, None] * (sheets[own].rest - home)
        share = own_times[:, None, None] * agreed[None, :, None]
        out.append((1 - share) * posed[own] + share * theirs)
        out[-1][own_times >= 1] = arrived
    return out


def _lattice(drawn: PosedSheet, found: Registered, anchor: int) -> Lattice:
    return Lattice(
        vertices=torch.from_numpy(drawn.poses.astype(np.float32)),
        triangles=torch.from_numpy(drawn.triangles.astype(np.int64)),
        confidence=torch.from_numpy(found.confidence.astype(np.float32)),
        anchor=anchor,
    )


def _video(moments: list[Float[np.ndarray, "h w 4"]], start: Image, end: Image, times: Float[np.ndarray, "t"]) -> Video:
    planes = np.stack(moments)
    alpha = planes[..., 3].clip(0, 1)
    rgb = (planes[..., :3] / np.maximum(alpha, 1e-3)[..., None]).clip(0, 1)
    video = Video(*(torch.from_numpy(x.astype(np.float32)) for x in (rgb, alpha, times)))
    for index, image in ((0, start), (-1, end)):
        video.rgb[index] = image.rgb
        video.alpha[index] = torch.ones_like(image.rgb[..., 0]) if image.alpha is None else image.alpha
    return video
