"""From the shell's words to a verb, and from an exception to one sentence and an exit code."""

import difflib
import inspect
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import Any

from tween4d.cli.console import complain, own_version, say
from tween4d.errors import Tween4dError

DEBUG = "TWEEN4D_DEBUG"
DONE, DEFECT, REFUSED, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Verb:
    """One word of the command line."""

    group: str
    place: str
    """`module:Class`, imported when the verb is used."""
    summary: str
    """The first line of the class's docstring."""


VERBS = {
    "run": Verb("Make", "tween4d.cli.run:Run", "Make a 4D asset from two images of an object."),
    "demo": Verb("Make", "tween4d.cli.demo:Demo", "Make the example asset, and measure it against its truth."),
    "facing": Verb(
        "Make", "tween4d.cli.facing:FacingVerb", "Show where the object's front may point, to choose by eye."
    ),
    "view": Verb("Look", "tween4d.cli.view:View", "Open the player in the browser."),
    "render": Verb("Look", "tween4d.cli.render:Render", "Render RGBA pictures from a list of cameras or an orbit."),
    "export": Verb(
        "Look",
        "tween4d.cli.export:Export",
        "Export to a player, films, splats, meshes, stages, pictures, points.",
    ),
    "info": Verb("Look", "tween4d.cli.info:Info", "Say what an asset is and how it was made."),
    "explain": Verb(
        "Look",
        "tween4d.cli.explain:Explain",
        "Show the guiding video, the fragments and the reason for each split.",
    ),
    "studio": Verb("Serve", "tween4d.cli.studio:Studio", "Make assets on a local web page, or by REST."),
    "batch": Verb("Serve", "tween4d.cli.batch:Batch", "Make an asset of every pair of a list, on Ray."),
    "bench": Verb("Measure", "tween4d.cli.bench:Bench", "Make and score every case of a benchmark folder."),
    "study": Verb("Measure", "tween4d.cli.study:Study", "Let people rank methods on a page, or read their ranks."),
    "models": Verb("Measure", "tween4d.cli.models:Models", "List, get and check pretrained models."),
    "doctor": Verb("Measure", "tween4d.cli.doctor:Doctor", "Say what this installation can do."),
}


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 a defect of tween4d, 2 refused with a reason, 130 interrupted.

    Args:
        args: words after the program's name; None takes those of the shell.
    """
    words = list(sys.argv[1:] if args is None else args)
    # Read when torch is first imported, which no verb has done yet: threads that spin while they wait make a fit
    # several times slower as soon as another program uses a core.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    sys.exit(_exit_code(words))


def overview() -> str:
    """The help page of the program."""
    lines = [f"tween4d {own_version()}: two images of an object in, a playable 4D asset out.", ""]
    for group in dict.fromkeys(verb.group for verb in VERBS.values()):
        lines.append(group)
        lines += [f"  {name:8s} {verb.summary}" for name, verb in VERBS.items() if verb.group == group]
        lines.append("")
    lines += [
        "Start here",
        "  $ tween4d demo",
        "  $ tween4d run start.png end.png -o fox.t4d",
        "  $ tween4d view fox.t4d",
        "",
        "Every verb explains itself: tween4d VERB --help",
    ]
    return "\n".join(lines)


def _exit_code(words: list[str]) -> int:
    signal.signal(signal.SIGTERM, _terminated)
    try:
        _dispatch(words)
        sys.stdout.flush()
        return DONE
    except Tween4dError as error:
        return _told(f"error: {error}", REFUSED)
    except KeyboardInterrupt:
        return _told("interrupted; run the same command again to go on", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has left, as `head` does; the interpreter must not try to write to it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except MemoryError:
        return _told("error: the memory does not suffice; use --preset draft or close other programs", REFUSED)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        return _told(f"error: this should not have happened: {what}; {DEBUG}=1 shows where", DEFECT)


def _dispatch(words: list[str]) -> None:
    if not words or words[0] in ("-h", "--help"):
        say(overview())
        return
    if words[0] in ("-V", "--version"):
        say(f"tween4d {own_version()}")
        return
    _parsed(words[0], words[1:]).execute()


def _parsed(name: str, words: list[str]) -> Any:
    """The verb with its options; wrong usage ends the program with code 2."""
    if name not in VERBS:
        near = difflib.get_close_matches(name, VERBS, 1)
        remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(VERBS)}"
        raise Tween4dError("there is no such verb", repr(name), remedy)
    import tyro

    module, _, kind = VERBS[name].place.partition(":")
    verb = getattr(import_module(module), kind)
    if {"-h", "--help"} & set(words):
        # tyro would run the lines of a description together.
        say(f"{inspect.cleandoc(verb.__doc__)}\n")
    return tyro.cli(
        verb,
        prog=f"tween4d {name}",
        description="",
        args=words,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes),
    )


def _told(sentence: str, code: int) -> int:
    if os.environ.get(DEBUG):
        traceback.print_exc()
    complain(sentence)
    return code


def _terminated(number: int, frame: FrameType | None) -> None:
    """Leave through the exits that remove unfinished files."""
    raise SystemExit(128 + number)
