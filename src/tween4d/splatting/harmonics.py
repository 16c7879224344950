"""Real spherical harmonics of colour, degrees 0 to 3, in the order and signs of 3D Gaussian splatting files."""

import torch
from jaxtyping import Float
from torch import Tensor

DEGREE_0 = 0.28209479177387814
DEGREE_1 = 0.4886025119029199
XY, ZZ, XX_YY = 1.0925484305920792, 0.31539156525252005, 0.5462742152960396
YYY, XYZ, YZZ, ZZZ, ZXX = (
    0.5900435899266435,
    2.890611442640554,
    0.4570457994644658,
    0.3731763325901154,
    1.445305721320277,
)


def basis(degree: int, directions: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n b"]:
    """Values of the (degree + 1)^2 harmonics along directions.

    Args:
        degree: 0 to 3.
        directions: any length > 0; normalised first. A zero vector gives finite values without meaning.
    """
    x, y, z = torch.nn.functional.normalize(directions, dim=-1, eps=1e-12).unbind(-1)
    values = [torch.full_like(x, DEGREE_0)]
    if degree >= 1:
        values += [-DEGREE_1 * y, DEGREE_1 * z, -DEGREE_1 * x]
    xx, yy, zz = x * x, y * y, z * z
    if degree >= 2:
        values += [XY * x * y, -XY * y * z, ZZ * (3 * zz - 1), -XY * x * z, XX_YY * (xx - yy)]
    if degree >= 3:
        values += [
            -YYY * y * (3 * xx - yy),
            XYZ * x * y * z,
            -YZZ * y * (5 * zz - 1),
            ZZZ * z * (5 * zz - 3),
            -YZZ * x * (5 * zz - 1),
            ZXX * z * (xx - yy),
            -YYY * x * (xx - 3 * yy),
        ]
    return torch.stack(values, -1)


def view_colors(
    degree: int,
    coefficients: Float[Tensor, "*c n b 3"],
    means: Float[Tensor, "n 3"],
    viewmats: Float[Tensor, "c 4 4"],
) -> Float[Tensor, "c n 3"]:
    """Colours of Gaussians as each camera sees them: max(0, 0.5 + sum of harmonics).

    Args:
        degree: harmonics used, 0 to 3; at most those stored.
        coefficients: shared [n, b, 3] or per camera [c, n, b, 3].
        means: centres in the world.
        viewmats: world to camera, invertible.
    Returns:
        Colours >= 0. Differentiable in the coefficients, the means and the cameras.
    """
    centres = torch.linalg.inv(viewmats)[:, :3, 3]
    values = basis(degree, means - centres[:, None])
    used = coefficients[..., : values.shape[-1], :]
    return (torch.einsum("cnb,...nbk->cnk", values, used) + 0.5).clamp(min=0.0)
