"""The three things that a worker does: an asset, an export, a matte. Each is the call that the command line makes."""

import os
import shutil
from pathlib import Path
from typing import Any

from tween4d.app.export import ExportOptions, export_asset
from tween4d.app.making import make_to_file
from tween4d.app.run import RunOptions
from tween4d.app.studio.places import Places, remove
from tween4d.app.studio.records import Job, options_from_json
from tween4d.app.studio.telling import Teller
from tween4d.data.images import Image
from tween4d.io import FORMATS
from tween4d.io.asset import load_asset
from tween4d.io.html import write_html
from tween4d.io.images import load_image, save_png
from tween4d.priors.register import DEFAULTS, REGISTER

LEFT_OUT = ("asset", "work_dir", "preview")
"""What the account of a run says of places on this machine."""


def make(job: Job, teller: Teller, places: Places) -> dict[str, Any]:
    """Make the asset and the page that plays it; finished stages in the job's folder are reused."""
    options = options_from_json(job.request)
    masks = [path if (path := places.source(job.id, role)).exists() else None for role in ("mask_start", "mask_end")]
    made = make_to_file(
        places.source(job.id, "start"),
        places.source(job.id, "end"),
        places.asset(job.id),
        preset_name=options.preset,
        seed=options.seed,
        listener=teller.listen,
        options=RunOptions(
            frames=options.frames,
            mask_start=masks[0],
            mask_end=masks[1],
            fov=options.fov,
            priors=options.priors,
            facing=options.facing,
            fragments=options.fragments,  # type: ignore[arg-type]
            inbetweener=options.inbetweener,
            multiview=options.multiview,
            prompt=options.prompt,
        ),
    )
    write_html(made.asset, places.player(job.id))
    account = {name: value for name, value in made.as_json().items() if name not in LEFT_OUT}
    return account | {"licences": made.asset.provenance["priors"]}


def export(job: Job, places: Places) -> dict[str, Any]:
    """Write the parent's asset in another format; a format that is a folder becomes a zip archive."""
    assert job.parent is not None
    suffix = job.request["suffix"]
    asset = load_asset(places.asset(job.parent))
    target = places.export(job.parent, suffix)
    target.parent.mkdir(exist_ok=True, mode=0o700)
    if suffix:
        written = export_asset(asset, target, ExportOptions())
        return {"bytes": Path(written).stat().st_size, "label": FORMATS[suffix].label}
    folder = target.parent / "folder"
    remove(folder)
    try:
        export_asset(asset, f"{folder}/", ExportOptions())
        archive = shutil.make_archive(str(target.parent / "packing"), "zip", folder)
        os.replace(archive, target)
    finally:
        remove(folder)
    return {"bytes": target.stat().st_size, "label": FORMATS[suffix].label}


def matte(job: Job, places: Places) -> dict[str, Any]:
    """Say where the object is in a picture, as the run would: white is the object."""
    assert job.parent is not None
    image = load_image(places.picture(job.parent))
    alpha = image.alpha if image.alpha is not None else REGISTER[DEFAULTS["matter"]].factory().matte(image)
    save_png(Image(alpha[..., None].expand(-1, -1, 3).clone()), places.matte(job.parent))
    return {"coverage": round(float((alpha > 0.5).float().mean()), 4), "own": image.alpha is not None}
