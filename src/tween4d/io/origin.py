"""How an asset was made, as other formats can say it: program, preset, seed, and the priors with their licences."""

import re
from typing import Any

from tween4d.data.asset import Asset4D

PUBLISHED = ("preset", "seed", "tween4d", "priors")
"""What may leave the maker's machine; the rest of the provenance names files and settings."""
PRIOR = ("name", "kind", "revision", "licence")
LONGEST = 1000


def published(asset: Asset4D) -> dict[str, Any]:
    """The part of an asset's provenance that a file for others holds."""
    told = {name: asset.provenance[name] for name in PUBLISHED if name in asset.provenance}
    if "priors" in told:
        entries = told["priors"] if isinstance(told["priors"], list) else []
        told["priors"] = [{key: e[key] for key in PRIOR if key in e} for e in entries if isinstance(e, dict)]
    return told


def origin_of(asset: Asset4D) -> str:
    """The same in one line of printable ASCII, at most 1000 characters: file headers take nothing else.

    An asset may come from anyone, so a value must not be able to begin a new line of a header.
    """
    told = published(asset)
    words = [f"made by tween4d {told.get('tween4d', '')}".strip()]
    words += [f"{name} {told[name]}" for name in ("preset", "seed") if name in told]
    named = (
        f"{e.get('name', 'unnamed')} {e.get('revision', '')}".strip() + f" ({e.get('licence', 'licence unknown')})"
        for e in told.get("priors", [])
    )
    text = ", ".join(words) + "".join(f"; prior {prior}" for prior in named)
    return re.sub(r"[^ -~]", "?", text)[:LONGEST]
