"""A batch on two nodes of which one is killed at work, and whose first driver is killed too, in a process of its own.

`python -m tests.app.two_nodes LIST OUT` prints what happened as JSON. Ray leaves threads behind, so no test runs it in
its own process.
"""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from ray.cluster_utils import Cluster

from tween4d.app.batch import BatchSettings, run_batch
from tween4d.app.batchlist import read_list

# A dead node is noticed within seconds instead of half a minute.
QUICK = {"health_check_period_ms": 1000, "health_check_timeout_ms": 3000, "health_check_failure_threshold": 5}


def main(list_path: Path, out: Path) -> None:
    """Make the list on a head without processors and two nodes with one each."""
    head = {"num_cpus": 0, "include_dashboard": False, "_system_config": QUICK}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    try:
        kept_by_first = killed_driver(list_path, out, cluster.address)
        killer = threading.Thread(target=kill_node, args=(cluster, nodes, out), daemon=True)
        killer.start()
        pairs = read_list(list_path, "draft")
        settings = BatchSettings(cluster.address, retries=5, price=3600)
        lines = run_batch(pairs, out, settings)
        killer.join(timeout=10)
        again = run_batch(pairs, out, settings)
    finally:
        cluster.shutdown()
    told = {
        "kept_by_first": kept_by_first,
        "states": [line.state for line in lines],
        "retried": sum((line.retried for line in lines), []),
        "reused": {line.pair.name: line.account and line.account["reused"] for line in lines},
        "again": [line.state for line in again],
    }
    print(json.dumps(told))


def killed_driver(list_path: Path, out: Path, address: str) -> int:
    """Begin the batch from the command line and kill it at its first finished stage; returns how many were kept."""
    command = [sys.executable, "-m", "tween4d.cli", "batch", list_path, "-o", out, "--preset", "draft"]
    driver = subprocess.Popen([*command, "--ray", address], stderr=subprocess.DEVNULL)
    while not list(out.glob("*.work/*.stage")):
        if driver.poll() is not None:
            raise RuntimeError("the first driver ended by itself")
        time.sleep(0.02)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    return len(list(out.glob("*.work/*.stage")))


def kill_node(cluster: Cluster, nodes: list[Any], out: Path) -> None:
    """Take a node away, without a farewell, while it works."""
    while not list(out.glob("*.work/reconstruct_keyframes-*")) or not any(map(works, nodes)):
        time.sleep(0.02)
    cluster.remove_node(next(filter(works, nodes), nodes[0]), allow_graceful=False)


def works(node: Any) -> bool:
    """Whether a worker of the node is at a stage; Ray writes what a worker does into its process title."""
    (raylet,) = node.all_processes["raylet"]
    try:
        titles = [" ".join(child.cmdline()) for child in psutil.Process(raylet.process.pid).children(recursive=True)]
    except psutil.Error:
        return False
    return any(title.startswith(("ray::a/", "ray::b/")) for title in titles)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
