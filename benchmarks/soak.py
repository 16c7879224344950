"""A studio under random orders, cancellations and kills: `python benchmarks/soak.py --seconds 600`.

Prints what the server's process held at the beginning and at the end, how fast it answered meanwhile, and what was left
when everything was deleted. Ends with code 1 when something leaked or an asset was lost. `--write` puts
the committed result into docs/studio.md.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from parts.page import newest_results, put
from PIL import Image as Pillow

from tween4d.app.client import Client, StudioError
from tween4d.synthetic import example_pair_paths

OPTIONS = {"preset": "draft", "frames": 5}
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """Soak, and say what is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.write:
        put("studio.md", "soak", page(json.loads((newest_results() / "soak.json").read_text(encoding="utf-8"))))
        return 0
    with tempfile.TemporaryDirectory() as place:
        told = soak(Path(place), arguments.seconds, random.Random(arguments.seed))
    print(json.dumps(told, indent=1))
    return 1 if told["leaks"] else 0


def soak(place: Path, seconds: float, chance: random.Random) -> dict:
    """Run the studio for so long."""
    load = os.getloadavg()
    with Pillow.open(example_pair_paths()[0]) as picture:
        picture.resize((64, 64)).save(place / "a.png")
    command = [sys.executable, "-m", "tween4d.cli", "studio", "--port", "0", "--workers", "2", "--data", place / "data"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    client = Client(server.stdout.readline().split()[-1].rstrip("/"))
    counts = dict.fromkeys(("ordered", "cancelled", "killed", "deleted", "done", "failed"), 0)
    latencies: list[float] = []
    try:
        settle(client, server.pid)
        warm = client.make(place / "a.png", place / "a.png", OPTIONS)
        client.wait(warm.id)
        client.delete(warm.id)
        before = held(server.pid)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            act(client, server.pid, place, chance, counts)
            began = time.perf_counter()
            urllib.request.urlopen(f"{client.url}/v1/jobs?limit=10").read()
            latencies.append(1000 * (time.perf_counter() - began))
            time.sleep(chance.uniform(0.1, 1.5))
        for job in client.jobs():
            if job.state in ("queued", "running") and chance.random() < 0.5:
                client.cancel(job.id)
        for job in list(client.jobs()):
            try:
                client.wait(job.id)
                counts["done"] += 1
            except StudioError:
                counts["failed"] += client.job(job.id).state == "failed"
            client.delete(job.id)
        settle(client, server.pid)
        after = held(server.pid)
        left = [path.name for path in (place / "data" / "jobs").iterdir()]
        pictures = [path.name for folder in ("pictures", "incoming") for path in (place / "data" / folder).iterdir()]
    finally:
        workers = children(server.pid)
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
    time.sleep(1)
    alive = [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    leaks = []
    if after["files"] > before["files"] + 8:
        leaks.append("open files")
    if after["memory_mb"] > before["memory_mb"] * 1.3 + 20:
        leaks.append("memory")
    if after["processes"] != before["processes"] or alive:
        leaks.append("processes")
    if left or pictures:
        leaks.append("files on disk")
    if counts["failed"]:
        leaks.append("jobs")
    latencies.sort()
    return {
        "seconds": seconds,
        "machine": {"cores": os.cpu_count(), "load": {"before": load, "after": os.getloadavg()}},
        "counts": counts,
        "before": before,
        "after": after,
        "answers_ms": {
            "median": round(statistics.median(latencies), 1),
            "p95": round(latencies[int(0.95 * len(latencies))], 1),
            "largest": round(latencies[-1], 1),
            "count": len(latencies),
        },
        "left_on_disk": left + pictures,
        "processes_after_the_end": alive,
        "leaks": leaks,
    }


def page(result: dict) -> str:
    """What the soak did and what it left, in a sentence or two."""
    counts, before, after = result["counts"], result["before"], result["after"]
    leaks = ", ".join(result["leaks"]) or "nothing"
    return (
        f"A soak of {result['seconds'] / 60:.0f} minutes (`benchmarks/soak.py`): {counts['ordered']} jobs ordered, "
        f"{counts['cancelled']} cancelled, {counts['killed']} workers killed, {counts['failed']} jobs failed. The "
        f"server held {before['memory_mb']} MB, {before['files']} open files and {before['processes']} processes at "
        f"the beginning, {after['memory_mb']} MB, {after['files']} and {after['processes']} at the end. "
        f"Leaks: {leaks}. Half of the answers took under {result['answers_ms']['median']} ms, 95 of 100 under "
        f"{result['answers_ms']['p95']} ms, on a machine that did other work too."
    )


def act(client: Client, pid: int, place: Path, chance: random.Random, counts: dict[str, int]) -> None:
    """One random thing."""
    jobs = list(client.jobs())
    active = [job for job in jobs if job.state in ("queued", "running")]
    ended = [job for job in jobs if job.state not in ("queued", "running")]
    choice = chance.random()
    if choice < 0.45 and len(active) < 8:
        client.make(place / "a.png", place / "a.png", OPTIONS | {"seed": chance.randrange(1000)}, name="soak")
        counts["ordered"] += 1
    elif choice < 0.6 and active:
        client.cancel(chance.choice(active).id)
        counts["cancelled"] += 1
    elif choice < 0.7 and (workers := children(pid)):
        try:
            os.kill(chance.choice(workers), signal.SIGKILL)
            counts["killed"] += 1
        except ProcessLookupError:
            pass
    elif ended and len(ended) > 4:
        job = ended[-1]
        counts["done"] += job.state == "done"
        counts["failed"] += job.state == "failed"
        client.delete(job.id)
        counts["deleted"] += 1


def settle(client: Client, pid: int) -> None:
    """Wait until all workers are there."""
    for _ in range(300):
        health = json.load(urllib.request.urlopen(f"{client.url}/v1/health"))
        if health["status"] == "ok" and len(children(pid)) == sum(health["workers"].values()):
            break
        time.sleep(0.2)
    time.sleep(3)


def held(pid: int) -> dict[str, int]:
    """Memory, open files and children of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return {
        "memory_mb": round(pages * PAGE_SIZE / 1e6),
        "files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "processes": len(children(pid)),
    }


def children(pid: int) -> list[int]:
    """Process numbers of a process's children."""
    found = []
    for tasks in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(word) for word in (tasks / "children").read_text().split()]
        except FileNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
