"""What a run will take: as earlier runs on this machine took, else as the reference machine took."""

import statistics
from typing import Any

from tween4d.app.memory import available_memory_bytes
from tween4d.app.studio.store import Store
from tween4d.priors.register import REGISTER, SETS

REFERENCE = {"draft": (45.0, 0.9e9), "standard": (170.0, 1.3e9), "fine": (700.0, 1.9e9)}
"""Seconds and bytes of a run on two cores of a 2.x GHz server, 512-pixel pictures, embedded priors."""
LOOKED_AT = 200


def expectations(store: Store) -> dict[str, Any]:
    """Per preset: seconds, bytes, how many runs that rests on (0: the reference machine's); and the memory there is."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in REFERENCE}
    for job in store.jobs(state="done", limit=LOOKED_AT):
        # A run that found stages of an earlier one says nothing about time.
        if job.result and not job.result["reused"]:
            seen[job.request["preset"]].append((job.result["seconds"]["total"], job.result["peak_memory"]))
    told = {}
    for name, (seconds, memory) in REFERENCE.items():
        runs = seen[name]
        if runs:
            seconds, memory = (statistics.median(values) for values in zip(*runs, strict=True))
        told[name] = {"seconds": round(seconds), "memory": int(memory), "runs": len(runs)}
    return {"presets": told, "memory_available": available_memory_bytes()}


def prior_sets() -> list[dict[str, Any]]:
    """Sets of priors that a run can name, with the licence of each member."""
    return [
        {
            "name": name,
            "members": [
                {"role": role, "name": member, "licence": REGISTER[member].info.licence}
                for role, member in roles.items()
            ],
        }
        for name, roles in SETS.items()
    ]
