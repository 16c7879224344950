"""Learned correspondence: the network, its weights, and what is made of its answers."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tween4d.data.images import Image
from tween4d.errors import WeightsError
from tween4d.priors.embedded import weights
from tween4d.priors.embedded.motion import MatchedInbetweener
from tween4d.priors.embedded.motion.evidence import flow_evidence
from tween4d.priors.embedded.motion.likely import likely_motions
from tween4d.priors.embedded.motion.matching import GRID, REACH, Likeness, match_pictures, shipped_network
from tween4d.priors.embedded.motion.network import SIDE, STRIDE, MatchingNetwork, network_input
from tween4d.priors.protocols import Inbetweener

CELLS = SIDE // STRIDE


def textured(side: int, degrees: float = 0.0, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """A premultiplied picture of a patterned ellipse, turned about the picture's middle and shifted."""
    line = np.arange(side) + 0.5 - side / 2
    x, y = np.meshgrid(line - shift[0], line - shift[1])
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    u, v = (c * x + s * y) / side, (-s * x + c * y) / side
    alpha = np.clip((0.12 - (u / 1.0) ** 2 - (v / 0.6) ** 2) * 60, 0, 1)
    waves = [0.5 + 0.4 * np.sin(a * u + b * v + p) for a, b, p in ((31, 9, 0), (-11, 37, 1), (17, -23, 2))]
    return np.stack([w * alpha for w in waves] + [alpha], -1)


def test_shapes_and_determinism():
    """Oracle: invariant. One answer per cell, the same each time; swapping the pictures transposes their likeness."""
    torch.manual_seed(0)
    network = MatchingNetwork().eval()
    pair = np.stack([textured(SIDE), textured(SIDE, 20, (5, -3))]).astype(np.float32)

    def ask(pictures: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        planes = torch.from_numpy(pictures).permute(0, 3, 1, 2)[None]
        with torch.inference_mode():
            return network(network_input(planes), torch.from_numpy(flow_evidence(pictures))[None])

    descriptors, matchable = ask(pair)
    assert descriptors.shape[:2] == (1, 2) and descriptors.shape[3:] == (CELLS, CELLS)
    assert matchable.shape == (1, 2, CELLS, CELLS)
    assert torch.equal(descriptors, ask(pair)[0])
    swapped, _ = ask(np.ascontiguousarray(pair[::-1]))
    like = torch.einsum("dq,dn->qn", *descriptors[0].flatten(2))
    likewise = torch.einsum("dq,dn->qn", *swapped[0].flatten(2))
    torch.testing.assert_close(like, likewise.T, rtol=1e-3, atol=1e-3)


def test_an_empty_picture_is_answered():
    """Oracle: invariant. Nothing at all gives finite answers."""
    network = MatchingNetwork().eval()
    nothing = np.zeros((2, SIDE, SIDE, 4), np.float32)
    planes = torch.from_numpy(nothing).permute(0, 3, 1, 2)[None]
    with torch.inference_mode():
        answers = network(network_input(planes), torch.from_numpy(flow_evidence(nothing))[None])
    assert all(torch.isfinite(answer).all() for answer in answers)


def test_evidence_of_a_shift():
    """Oracle: analytic. Flow between a picture and itself shifted says the shift, and that the way back agrees."""
    shift = (4.0, -3.0)
    pair = np.stack([textured(SIDE), textured(SIDE, shift=shift)])
    found = flow_evidence(pair)
    line = (np.arange(CELLS) + 0.5) * STRIDE
    centres = np.stack(np.meshgrid(line, line))
    inside = pair[0][2::STRIDE, 2::STRIDE, 3] > 0.99
    assert np.abs(found[0, :2] - centres - np.reshape(shift, (2, 1, 1)))[:, inside].mean() < 0.3
    assert np.median(found[0, 2][inside]) < 0.3
    assert np.median(found[0, 3][inside]) < 0.01


@pytest.mark.parametrize(("degrees", "shift"), [(0.0, (14.0, -9.0)), (15.0, (0.0, 0.0)), (-25.0, (10.0, 6.0))])
def test_places_of_a_moved_object_are_found(degrees: float, shift: tuple[float, float]):
    """Oracle: analytic. Places of a patterned object that is turned and shifted are found within 3 % of its size."""
    side = 256
    start, end = textured(side), textured(side, degrees, shift)
    rows, columns = np.nonzero(start[..., 3] > 0.99)
    pick = np.random.default_rng(0).permutation(len(rows))[:300]
    places = np.stack([columns, rows], -1)[pick] + 0.5
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    truth = (places - side / 2) @ np.array([[c, s], [-s, c]]) + side / 2 + shift
    likeness = match_pictures(shipped_network(), start, end).likeness(0, places, end[..., 3])
    found = likeness.spots(likeness.table.reshape(len(places), -1).argmin(1))
    size = math.hypot(np.ptp(columns), np.ptp(rows))
    assert (np.linalg.norm(found - truth, axis=-1) < 0.03 * size).mean() > 0.9
    assert np.mean(likeness.matchable) > 0.5


def test_a_motion_is_fitted_to_likely_counterparts():
    """Oracle: analytic. Where likeness is a cone about the places that a similarity leads to, it is found."""
    line = np.arange(40.0, 90.0, 5.0)
    places = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    centre, aim = np.array([65.0, 65.0]), np.array([120.0, 90.0])
    angle, size = math.radians(30), 1.1
    c, s = size * math.cos(angle), size * math.sin(angle)
    truth = (places - centre) @ np.array([[c, s], [-s, c]]) + aim
    step = 200.0 / GRID
    empty = Likeness(np.zeros((1, GRID, GRID), np.float32), np.ones(1), np.zeros(2), step)
    grid = empty.spots(np.arange(GRID * GRID))
    table = np.minimum(np.linalg.norm(grid - truth[:, None], axis=-1), REACH).reshape(-1, GRID, GRID)
    likeness = Likeness(table, np.ones(len(places)), np.zeros(2), step)
    found = likely_motions(places, likeness, centre[None], 20.0, 1)
    assert math.degrees(abs(found.angle[0] - angle)) < 3
    assert abs(found.log_scale[0] - math.log(size)) < 0.04
    assert np.linalg.norm(found.place[0] - aim) < 1.0
    # Between entries the table is bilinear: a cone's flank is met to a fraction of a step.
    rows = np.arange(len(places))
    np.testing.assert_allclose(likeness.at(rows, truth + [6.0, 0]), 6.0, atol=0.3)
    assert (likeness.at(rows, truth + [1e4, 0]) == REACH).all()


def test_shipped_weights_are_described():
    """Oracle: golden. The card beside the weights names the checksum under which they are read; they are small."""
    card = json.loads((weights.FOLDER / "motion.json").read_text())
    assert card["sha256"] == weights.CHECKSUMS["motion"]
    assert (weights.FOLDER / "motion.safetensors").stat().st_size <= 12 * 2**20
    assert all(torch.isfinite(value).all() for value in weights.load_weights("motion").values())


@pytest.mark.parametrize("damage", ["missing", "cut", "altered"])
def test_damaged_weights_are_refused(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Oracle: invariant. Whatever is not the file that was trained is refused in a sentence that says what to do."""
    data = bytearray((weights.FOLDER / "motion.safetensors").read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    if damage == "altered":
        data[-10] ^= 1
    if damage != "missing":
        (tmp_path / "motion.safetensors").write_bytes(data)
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    with pytest.raises(WeightsError, match="classical"):
        weights.load_weights("motion")


def test_the_inbetweener_moves_a_textured_object():
    """Oracle: analytic. Half-way between two states of a shifted object it lies half-way."""
    prior = MatchedInbetweener()
    assert isinstance(prior, Inbetweener)
    pictures = [
        cv2.resize(textured(192, shift=shift), (96, 96), interpolation=cv2.INTER_AREA) for shift in ((0, 0), (30, 0))
    ]
    images = [
        Image(
            torch.from_numpy(p[..., :3] / np.maximum(p[..., 3:], 1e-3)).float().clamp(0, 1),
            torch.from_numpy(p[..., 3]).float(),
        )
        for p in pictures
    ]
    guide = prior.inbetween(*images, 5, prompt="", seed=0)
    line = torch.arange(96) + 0.5
    middles = [(frame.sum(0) * line).sum() / frame.sum() for frame in guide.video.alpha]
    assert abs(float(middles[2] - middles[0]) - 7.5) < 1.0
