"""The README's quality table from a `tween4d bench` result that is kept under benchmarks/results/<version>/.

`python benchmarks/quality.py OUT` copies OUT/bench.json there; `--write` puts its table between the README's markers.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- quality:begin -->", "<!-- quality:end -->"
COLUMNS = ("input PSNRm", "IoU", "near PSNRm", "IoU", "far PSNRm", "IoU", "EPE (frozen)", "flicker", "ends dB", "s")


def main() -> None:
    """Keep a result if a folder is named, then print or write the table."""
    folders = [Path(word) for word in sys.argv[1:] if not word.startswith("-")]
    if folders:
        result = json.loads((folders[0] / "bench.json").read_text(encoding="utf-8"))
        suffix = "" if result["priors"] == "embedded" else f"-{result['priors']}"
        target = HERE / "results" / result["tween4d"] / f"quality-{result['preset']}{suffix}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    newest = max(p for p in (HERE / "results").iterdir() if p.is_dir())
    text = render(json.loads((newest / "quality-standard.json").read_text(encoding="utf-8")))
    if "--write" not in sys.argv:
        print(text)
        return
    readme = README.read_text(encoding="utf-8")
    before, after = readme.split(BEGIN)[0], readme.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def render(result: dict[str, Any]) -> str:
    """A Markdown table: a row per case and the mean."""
    rows = [(name, scores) for name, scores in result["cases"].items()]
    lines = [f"| case | {' | '.join(COLUMNS)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    lines += [_row(name, scores) for name, scores in rows]
    lines.append(_row("**mean**", result["mean"] | _mean_costs([scores for _, scores in rows])))
    priors = result.get("priors", "classical")
    told = f"tween4d {result['tween4d']}, preset {result['preset']}, {priors} priors, seed {result['seed']}."
    return "\n".join(lines) + f"\n\n{told}"


def _mean_costs(rows: list[dict[str, Any]]) -> dict[str, Any]:
    ends = [min(row["endpoints"]) for row in rows]
    return {"endpoints": [min(ends)], "seconds": sum(row["seconds"] for row in rows) / len(rows)}


def _row(name: str, scores: dict[str, Any]) -> str:
    cells = []
    for group in ("input", "near", "far"):
        cells += [f"{scores[group]['PSNRm']:.2f}", f"{scores[group]['IoU']:.3f}"]
    points = scores["points"]
    cells += [f"{points['EPE']:.2f} ({points['EPE_frozen']:.2f})", f"{scores['flick']:+.1f}"]
    cells += [f"{min(scores['endpoints']):.1f}", f"{scores['seconds']:.0f}"]
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
