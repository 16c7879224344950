"""Fit a picture with 2,000 Gaussians by nothing but the rasteriser: `python examples/fit_image.py`."""

import torch

from tween4d.splatting import rasterize

SIZE, COUNT = 96, 2_000
y, x = torch.meshgrid(torch.linspace(-1, 1, SIZE), torch.linspace(-1, 1, SIZE), indexing="ij")
target = torch.stack([(x * 7).sin() * (y * 5).cos(), (x * y * 9).cos(), (x**2 + y**2 < 0.5).float()], -1) * 0.4 + 0.5

draw = torch.Generator().manual_seed(0)
parameters = {
    "means": torch.cat([2 * torch.rand(COUNT, 2, generator=draw) - 1, torch.zeros(COUNT, 1)], 1),
    "quats": torch.randn(COUNT, 4, generator=draw),
    "log_scales": torch.full((COUNT, 3), -3.5),
    "opacity_logits": torch.zeros(COUNT),
    "colors": torch.rand(COUNT, 3, generator=draw),
}
optimizer = torch.optim.Adam([p.requires_grad_() for p in parameters.values()], lr=0.02)
view = torch.eye(4)[None].clone()
view[0, 2, 3] = 2.0  # the camera looks at the origin from 2 units away
K = torch.tensor([[[float(SIZE), 0, SIZE / 2], [0, float(SIZE), SIZE / 2], [0, 0, 1]]])

for step in range(151):
    means, quats, log_scales, logits, colors = parameters.values()
    image, _, _ = rasterize(means, quats, log_scales.exp(), logits.sigmoid(), colors, view, K, SIZE, SIZE)
    loss = (image[0] - target).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step:3d}: {-10 * loss.log10():.1f} dB")
