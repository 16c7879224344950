"""What a run will take: as earlier runs on this machine took, else as the reference machine took."""

import statistics
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from tween4d.app.doctor import pretrained_estimates
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
        # A run that found stages of an earlier one says nothing about time, nor does one of other priors.
        named = [job.request.get(role) for role in ("inbetweener", "multiview")]
        if job.result and not job.result["reused"] and job.request["priors"] == "embedded" and not any(named):
            seen[job.request["preset"]].append((job.result["seconds"]["total"], job.result["peak_memory"]))
    told = {}
    for name, (seconds, memory) in REFERENCE.items():
        runs = seen[name]
        if runs:
            seconds, memory = (statistics.median(values) for values in zip(*runs, strict=True))
        told[name] = {"seconds": round(seconds), "memory": int(memory), "runs": len(runs)}
    return {"presets": told, "memory_available": available_memory_bytes()}


def prior_sets() -> list[dict[str, Any]]:
    """Sets of priors that a run can name, with what is known of each member."""
    known = {prior["name"]: prior for prior in all_priors()}
    return [{"name": name, "members": [known[member] for member in roles.values()]} for name, roles in SETS.items()]


def all_priors() -> list[dict[str, Any]]:
    """Every prior: role, kind, licence, packages that it lacks, and what `doctor` expects of a pretrained one."""
    expected = {estimate.name: asdict(estimate) for estimate in pretrained_estimates()}
    return [
        {
            "role": entry.role,
            "name": name,
            "kind": entry.info.kind,
            "licence": entry.info.licence,
            "missing": [module for module in entry.needs if find_spec(module) is None],
            "expected": expected.get(name),
        }
        for name, entry in REGISTER.items()
    ]
