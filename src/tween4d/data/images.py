"""Images and the pair a run starts from."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Image:
    """A picture with coverage: straight (not premultiplied) sRGB colour and alpha."""

    rgb: Float[Tensor, "h w 3"]
    """Colour, sRGB values in [0, 1]; undefined where alpha is 0."""
    alpha: Float[Tensor, "h w"] | None = None
    """Coverage in [0, 1], or None while the object has not been matted."""

    @property
    def height(self) -> int:
        return self.rgb.shape[0]

    @property
    def width(self) -> int:
        return self.rgb.shape[1]

    def on(self, background: float = 1.0) -> Float[Tensor, "h w 3"]:
        """The picture composited over a grey background (1 = white)."""
        if self.alpha is None:
            return self.rgb
        a = self.alpha[..., None]
        return self.rgb * a + background * (1 - a)


@dataclass(frozen=True)
class Keyframes:
    """The states of the object, from first to last, of equal size and from one camera."""

    start: Image
    """At time 0."""
    end: Image
    """At time 1."""
    fov_degrees: float = 33.8
    """Field of view along the longer image side."""
    inner: tuple[Image, ...] = ()
    """States between the two, in order."""
    inner_times: tuple[float, ...] = ()
    """When they are reached: increasing, within (0, 1)."""

    @property
    def images(self) -> tuple[Image, ...]:
        """All states in order."""
        return (self.start, *self.inner, self.end)

    @property
    def times(self) -> tuple[float, ...]:
        """When each of them is reached, 0 and 1 included."""
        return (0.0, *self.inner_times, 1.0)

    @property
    def identical(self) -> bool:
        """True when all pictures hold the same values: the asset is then still."""
        return all(_same(self.start, image) for image in self.images[1:])


def _same(a: Image, b: Image) -> bool:
    if a.alpha is None or b.alpha is None:
        return a.alpha is b.alpha and torch.equal(a.rgb, b.rgb)
    return torch.equal(a.rgb, b.rgb) and torch.equal(a.alpha, b.alpha)
