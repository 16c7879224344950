"""`tween4d run`: two pictures to an asset."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from tween4d.cli.console import complain, label, progress, say, say_json
from tween4d.cli.options import Flag, Fragments, Frames, ModelOptions, Preset, PriorSet, Seed, parse_facing
from tween4d.errors import InputError


@dataclass(frozen=True)
class ImageOptions:
    """What you know about the images; what you leave out is found or imagined."""

    mask_start: Annotated[Path | None, arg(metavar="IMAGE", help_behavior_hint="")] = None
    """Where the object is in START, white on black."""
    mask_end: Annotated[Path | None, arg(metavar="IMAGE", help_behavior_hint="")] = None
    """Where the object is in END."""
    guide: Annotated[Path | None, arg(metavar="VIDEO", help_behavior_hint="")] = None
    """Your own video of what happens in between."""
    init_ply: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    """Gaussians of the object at START that another program made, .ply or .splat."""
    fov: Annotated[float, arg(metavar="DEG")] = 33.8
    """Field of view of the camera along the longer side."""
    facing: Annotated[str, arg(metavar="AZ[,EL]", help_behavior_hint="(default: found)")] = ""
    """Where the object's front points, degrees: 0 into the camera, 90 to the right of the picture."""


@dataclass(frozen=True)
class MotionOptions:
    """How it moves (docs/steering.md shows each)."""

    times: Annotated[str, arg(metavar="0,T,...,1", help_behavior_hint="(default: evenly)")] = ""
    """When each image is reached."""
    drag: UseAppendAction[
        Annotated[tuple[str, ...], arg(metavar='"X,Y->X,Y@T"', help_behavior_hint="(repeatable)")]
    ] = ()
    """A place of START, in its pixels, and where it has to be at time T."""
    ease: Annotated[
        Literal["linear", "in", "out", "in-out"] | None, arg(help_behavior_hint="(default: as it was imagined)")
    ] = None
    """Even speed, or at rest at the first image (in), at the last (out), at both."""
    fps: Annotated[float | None, arg(metavar="RATE", help_behavior_hint="(default: 16)")] = None
    """Frames per second."""
    repeat: Literal["ping-pong", "loop", "once"] = "ping-pong"
    """What players do at the end; for loop the motion returns to START."""


@dataclass(frozen=True)
class Run:
    """Make a 4D asset from two images of an object.

    $ tween4d run start.png end.png -o fox.t4d
    $ tween4d run a.png b.png c.png --times 0,0.4,1 -o fox.t4d
    $ tween4d run start.png end.png -o fox.t4d --preset draft --overwrite

    Finished stages are kept in a folder beside the asset (fox.work): a run that
    was interrupted, or is repeated with other options, reuses what still holds.
    preview.png in that folder shows how far it has come.
    """

    images: Annotated[Positional[tuple[Path, ...]], arg(metavar="START [BETWEEN ...] END", help_behavior_hint="")]
    """The object over time, from one camera; transparency, if there is any, says where it is."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="OUT.t4d")]
    """Asset to write."""
    image: ImageOptions = ImageOptions()
    motion: MotionOptions = MotionOptions()
    models: ModelOptions = ModelOptions()
    preset: Preset = "standard"
    """How much work to do."""
    frames: Frames = None
    """Number of frames."""
    fragments: Fragments = None
    """Pieces that the motion is divided into; auto: until each moves little."""
    priors: PriorSet = "embedded"
    """What imagines the rest: embedded has learned, classical is made by hand, pretrained is large."""
    seed: Seed = 0
    """The same seed gives the same asset."""
    overwrite: Flag = False
    """Replace an existing asset."""
    json: Flag = False
    """Print what was made as one JSON object."""

    def execute(self) -> None:
        """Make the asset and say what it is."""
        from tween4d.app.making import make_to_file, working_folder
        from tween4d.app.run import RunOptions
        from tween4d.app.steering import Steering, parse_drag, parse_times
        from tween4d.io.atomic import check_target

        if len(self.images) < 2:
            raise InputError("a motion needs two images", f"{len(self.images)}", "name START and END")
        start, *between, end = self.images
        motion = self.motion
        steering = Steering(
            tuple(between),
            parse_times(motion.times),
            tuple(parse_drag(text) for text in motion.drag),
            motion.ease,
            motion.fps,
            motion.repeat,
        )
        working_folder(self.out)
        check_target(self.out, overwrite=self.overwrite)
        image = self.image
        facing = parse_facing(image.facing)
        options = RunOptions(
            self.frames,
            image.guide,
            image.mask_start,
            image.mask_end,
            image.fov,
            self.priors,
            facing,
            fragments=self.fragments,
            inbetweener=self.models.inbetweener,
            multiview=self.models.multiview,
            features=self.models.features,
            prompt=self.models.prompt,
            pretrained=self.models.settings(),
            init_ply=image.init_ply,
            steering=steering,
        )
        with progress() as listener:
            made = make_to_file(
                start,
                end,
                self.out,
                preset_name=self.preset,
                seed=self.seed,
                listener=listener,
                options=options,
            )
        if made.reused:
            complain(f"note: reused from {made.work_dir}: {', '.join(label(stage) for stage in made.reused)}")
        if self.json:
            say_json(made.as_json())
            return
        megabytes, (start, end) = made.path.stat().st_size / 1e6, made.endpoints
        say(f"{made.path}: {made.asset.frame_count} frames, {made.gaussians} Gaussians, {megabytes:.2f} MB")
        say(f"made in {made.seconds:.0f} s; gives the two images back at {start:.1f} and {end:.1f} dB")
        if made.facings:
            first, *others = made.facings
            other = f"; or {others[0]}: --facing {others[0].azimuth:.0f}" if others else ""
            say(f"the front was taken to point {first}{other}")
        say(f"look at it: tween4d view {made.path}")
