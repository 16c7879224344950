"""Write the figures of `docs/embedded-priors.md` from the cards beside the weights and from committed results.

python -m training.figures
"""

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "embedded-priors.md"
WEIGHTS = ROOT / "src" / "tween4d" / "priors" / "embedded" / "weights"
RESULTS = ROOT / "benchmarks" / "results" / "0.1.0"
BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"


def geometry_lines(card: dict) -> list[str]:
    """What the geometry prior is worth on families it has not seen."""
    alone, told, views = card["held_out_pictures"], card["held_out_pictures_told"], card["held_out_views"]
    data, training = card["data"], card["training"]
    lines = [
        f"Geometry: {data['samples']} pictures of {len(data['families'])} families, {training['steps']} steps of "
        f"{training['batch']}, {training['seconds'] / 60:.0f} minutes on one core; "
        f"{card['parameters'] / 1e6:.2f} million numbers, {card['bytes'] / 1e6:.1f} MB.",
        "",
        "| held-out families | inflation | learned | learned, told the facing |",
        "|---|---:|---:|---:|",
        f"| depth of the front, mean error in sides of the crop | {alone['flat']:.4f} | {alone['depth']:.4f} | "
        f"{told['depth']:.4f} |",
        f"| azimuth within 30 degrees | - | {alone['az30']:.0%} | - |",
        f"| large slants: direction right | - | {alone['sign']:.0%} | {told['sign']:.0%} |",
        f"| large slants: length along the truth | 0 | {alone['slope']:.2f} | {told['slope']:.2f} |",
    ]
    for k, column in enumerate(views["columns"]):
        row = (views[name][k] for name in ("inflation", "learned", "learned, told"))
        lines.append(f"| {column} of lifted pictures | " + " | ".join(f"{value:.3f}" for value in row) + " |")
    return lines


def motion_lines(card: dict) -> list[str]:
    """What the motion prior is worth on families it has not seen."""
    held_out, guides, training = card["held_out"], card["held_out_guides"], card["training"]
    learned, classical = guides["learned"], guides["classical"]
    data = card["data"]
    return [
        f"Motion: {data['pairs']} pairs of {len(data['families'])} families, {training['steps']} steps of "
        f"{training['batch']}, {training['seconds'] / 60:.0f} minutes on one core; "
        f"{card['parameters'] / 1e6:.2f} million numbers, {card['bytes'] / 1e6:.1f} MB.",
        "",
        "| held-out families | classical | learned |",
        "|---|---:|---:|",
        f"| points within 3 % of the object's size: DIS flow, network alone | {held_out['dis_256']:.1%} | "
        f"{held_out['network']['right']:.1%} |",
        f"| the same, for the posed sheets | {held_out['sheets_classical']['right']:.1%} | "
        f"{held_out['sheets']['right']:.1%} |",
        f"| guiding frames: PSNR on the union of outlines, dB | {classical['psnr']:.2f} | {learned['psnr']:.2f} |",
        f"| guiding frames: IoU of the outlines | {classical['iou']:.3f} | {learned['iou']:.3f} |",
        f"| where points go: error over that of a frozen object | {classical['epe']:.2f} | {learned['epe']:.2f} |",
    ]


def bench_lines(results: dict[str, dict]) -> list[str]:
    """The public benchmark with both sets of priors."""
    lines = [
        "| bench4d public, mean | input PSNRm / IoU | near PSNRm / IoU | far PSNRm / IoU | EPE / frozen | flicker |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, result in results.items():
        mean = result["mean"]
        groups = [f"{mean[g]['PSNRm']:.2f} / {mean[g]['IoU']:.3f}" for g in ("input", "near", "far")]
        ratio = mean["points"]["EPE"] / mean["points"]["EPE_frozen"]
        lines.append(f"| {name} | {' | '.join(groups)} | {ratio:.3f} | {mean['flick']:+.1f} |")
    return lines


def main() -> None:
    """Replace the figures in the page."""
    lines: list[str] = []
    card = WEIGHTS / "geometry.json"
    if card.exists():
        lines += [*geometry_lines(json.loads(card.read_text())), ""]
    card = WEIGHTS / "motion.json"
    if card.exists():
        lines += [*motion_lines(json.loads(card.read_text())), ""]
    found = {
        name: RESULTS / f"quality-standard{suffix}.json"
        for name, suffix in (("classical", "-classical"), ("embedded", ""))
    }
    results = {name: json.loads(path.read_text()) for name, path in found.items() if path.exists()}
    if results:
        lines += bench_lines(results)
    text = PAGE.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(head + BEGIN + "\n" + "\n".join(lines).strip() + "\n" + END + tail)


if __name__ == "__main__":
    main()
