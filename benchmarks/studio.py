"""How fast the studio answers while two jobs run: `python benchmarks/studio.py > FILE.json`.

`--write` puts the committed result into docs/studio.md. Each operation that a page or a platform asks
often is asked many times, one after another, on a connection of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from parts.page import newest_results, put
from soak import settle

from tween4d.app.client import Client
from tween4d.synthetic import example_pair_paths


def main() -> None:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.write:
        put("studio.md", "studio", page(json.loads((newest_results() / "studio.json").read_text(encoding="utf-8"))))
        return
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(measure(Path(place), arguments.rounds), indent=1))


def measure(place: Path, rounds: int) -> dict:
    """Ask while two jobs run."""
    command = [sys.executable, "-m", "tween4d.cli", "studio", "--port", "0", "--workers", "2", "--data", place / "data"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        client = Client(server.stdout.readline().split()[-1].rstrip("/"))
        settle(client, server.pid)
        jobs = [client.make(*example_pair_paths(), {"preset": "fine", "seed": seed}) for seed in (1, 2)]
        while any(not client.job(job.id).stage for job in jobs):
            time.sleep(0.2)
        load = os.getloadavg()
        first = jobs[0].id
        paths = ("/v1/health", "/v1/jobs?limit=50", f"/v1/jobs/{first}", f"/v1/jobs/{first}/events?follow=false",
                 f"/v1/jobs/{first}/inputs/start", "/")  # fmt: skip
        times: dict[str, list[float]] = {path.replace(first, "ID"): [] for path in paths}
        for _ in range(rounds):
            for path, told in zip(paths, times.values(), strict=True):
                began = time.perf_counter()
                urllib.request.urlopen(client.url + path).read()
                told.append(1000 * (time.perf_counter() - began))
        running = [client.job(job.id).state for job in jobs]
        for job in jobs:
            client.cancel(job.id)
    finally:
        server.terminate()
        server.wait(timeout=60)
    return {
        "cores": os.cpu_count(),
        "load": {"before": load, "after": os.getloadavg()},
        "jobs_at_the_end": running,
        "milliseconds": {path: summary(told) for path, told in times.items()},
    }


def page(result: dict) -> str:
    """A table of the answers."""
    rows = [
        f"| `{path}` | {told['median']} | {told['p95']} | {told['largest']} |"
        for path, told in result["milliseconds"].items()
    ]
    told = (
        f"While two jobs run on {result['cores']} cores, the answers take, in milliseconds (`benchmarks/studio.py`; "
        f"load average at the end {result['load']['after'][0]:.1f}):"
    )
    return "\n".join([told, "", "| asked | median | 95th percentile | longest |", "|---|---:|---:|---:|", *rows])


def summary(told: list[float]) -> dict[str, float]:
    """Median, 95th percentile and largest."""
    told = sorted(told)
    return {
        "median": round(statistics.median(told), 1),
        "p95": round(told[int(0.95 * len(told))], 1),
        "largest": round(told[-1], 1),
    }


if __name__ == "__main__":
    main()
