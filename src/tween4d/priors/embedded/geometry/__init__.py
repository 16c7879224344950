"""Geometry from one picture: what an outline alone says, and what a network knows of objects."""

from tween4d.priors.embedded.geometry.inflation import InflationConfig, InflationPrior
from tween4d.priors.embedded.geometry.lifting import LiftingConfig, LiftingPrior
from tween4d.priors.embedded.geometry.network import SurfaceNet
from tween4d.priors.embedded.weights import load_weights

__all__ = ["InflationConfig", "InflationPrior", "LiftingConfig", "LiftingPrior", "make_lifting_prior"]


def make_lifting_prior() -> LiftingPrior:
    """The learned prior with the weights that ship with the package; they are read when it is first asked."""
    return LiftingPrior(_shipped_network)


def _shipped_network() -> SurfaceNet:
    network = SurfaceNet()
    network.load_state_dict(load_weights("geometry"))
    return network
