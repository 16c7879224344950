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
    """The two states of the object, at times 0 and 1, of equal size and from one camera."""

    start: Image
    end: Image
    fov_degrees: float = 33.8
    """Field of view along the longer image side."""

    @property
    def identical(self) -> bool:
        """True when both pictures hold the same values: the asset is then still."""
        same = torch.equal(self.start.rgb, self.end.rgb)
        a, b = self.start.alpha, self.end.alpha
        if a is None or b is None:
            return same and a is b
        return same and torch.equal(a, b)
