"""Plots of speed.json as SVG, without a plotting package."""

import math
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, MARGIN = 520, 340, 56
COLORS = {"forward": "#1a7f64", "both": "#3b5bdb"}
LABELS = {"forward": "forward", "both": "forward + backward"}


def write(scaling: dict[str, Any], folder: Path) -> None:
    """Cost against Gaussians and against covered pixels, with lines of slope 1."""
    by_count = [(row["gaussians"], row) for row in scaling["by_gaussians"]]
    by_area = [(row["covered_pixels"], row) for row in scaling["by_pixels"]]
    (folder / "gaussians.svg").write_text(_plot(by_count, "Gaussians (512 x 512 pixels)"))
    (folder / "pixels.svg").write_text(_plot(by_area, "covered pixels, summed over 10,000 Gaussians"))


def _plot(rows: list[tuple[float, dict[str, Any]]], title: str) -> str:
    xs = [x for x, _ in rows]
    ys = [row[kind]["min"] for _, row in rows for kind in COLORS]
    x_range, y_range = _decades(xs), _decades(ys)

    def place(x: float, y: float) -> str:
        u = (math.log10(x) - x_range[0]) / (x_range[1] - x_range[0])
        v = (math.log10(y) - y_range[0]) / (y_range[1] - y_range[0])
        return f"{MARGIN + u * (WIDTH - 2 * MARGIN):.1f},{HEIGHT - MARGIN - v * (HEIGHT - 2 * MARGIN):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{title}</text>',
        f'<text x="16" y="{MARGIN - 16}">milliseconds, minimum</text>',
    ]
    parts += _grid(x_range, y_range, place)
    for n, (kind, color) in enumerate(COLORS.items()):
        points = [(x, row[kind]["min"]) for x, row in rows]
        # A line of cost = base + slope * x through the samples, weighted by 1 / cost.
        base, slope = _line(points)
        steps = [xs[0] * (xs[-1] / xs[0]) ** (k / 60) for k in range(61)]
        fitted = " ".join(place(x, max(base + slope * x, 10 ** y_range[0])) for x in steps)
        parts.append(f'<polyline points="{fitted}" fill="none" stroke="{color}" stroke-dasharray="4 3"/>')
        for x, y in points:
            cx, cy = place(x, y).split(",")
            parts.append(f'<circle cx="{cx}" cy="{cy}" r="4" fill="{color}"/>')
        parts.append(
            f'<text x="{MARGIN + 10}" y="{MARGIN + 16 + 18 * n}" fill="{color}">{LABELS[kind]}: '
            f"{base:.2f} ms + {slope * xs[-1]:.2f} ms per {xs[-1]:,} (dashed)</text>"
        )
    return "\n".join([*parts, "</svg>", ""])


def _decades(values: list[float]) -> tuple[int, int]:
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def _grid(x_range: tuple[int, int], y_range: tuple[int, int], place: Any) -> list[str]:
    parts = []
    for power in range(x_range[0], x_range[1] + 1):
        x, bottom = place(10**power, 10 ** y_range[0]).split(",")
        _, top = place(10**power, 10 ** y_range[1]).split(",")
        parts.append(f'<line x1="{x}" y1="{bottom}" x2="{x}" y2="{top}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{float(bottom) + 16}" text-anchor="middle">{10**power:,}</text>')
    for power in range(y_range[0], y_range[1] + 1):
        left, y = place(10 ** x_range[0], 10**power).split(",")
        right, _ = place(10 ** x_range[1], 10**power).split(",")
        parts.append(f'<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{float(left) - 6}" y="{float(y) + 4}" text-anchor="end">{10.0**power:g}</text>')
    return parts


def _line(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Weighted least squares of y = base + slope x, base >= 0."""
    weights = [1 / y**2 for _, y in points]
    total = sum(weights)
    mx = sum(w * x for w, (x, _) in zip(weights, points, strict=True)) / total
    my = sum(w * y for w, (_, y) in zip(weights, points, strict=True)) / total
    sxy = sum(w * (x - mx) * (y - my) for w, (x, y) in zip(weights, points, strict=True))
    sxx = sum(w * (x - mx) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    slope = sxy / sxx
    base = my - slope * mx
    if base < 0:
        base, slope = (
            0.0,
            sum(w * x * y for w, (x, y) in zip(weights, points, strict=True))
            / sum(w * x * x for w, (x, _) in zip(weights, points, strict=True)),
        )
    return base, slope
