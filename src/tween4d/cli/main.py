"""From the shell's words to a verb, and from an exception to one sentence and an exit code."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import tyro

from tween4d.cli.bench import Bench
from tween4d.cli.console import complain, own_version
from tween4d.cli.export import Export
from tween4d.cli.render import Render
from tween4d.cli.run import Run
from tween4d.errors import Tween4dError

DEBUG = "TWEEN4D_DEBUG"
INTERRUPTED, FAILED, REFUSED = 130, 1, 2
DESCRIPTION = """Two images of an object in, a playable 4D asset out.

Start with:  tween4d run start.png end.png -o fox.t4d
Then:        tween4d view fox.t4d

Every verb explains itself: tween4d VERB --help"""

Verb = (
    Annotated[Run, tyro.conf.subcommand("run")]
    | Annotated[Render, tyro.conf.subcommand("render")]
    | Annotated[Export, tyro.conf.subcommand("export")]
    | Annotated[Bench, tyro.conf.subcommand("bench")]
)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 a defect of tween4d, 2 refused with a reason, 130 interrupted.

    Args:
        args: words after the program's name; None takes those of the shell.
    """
    words = list(sys.argv[1:] if args is None else args)
    if words and words[0] in ("--version", "-V"):
        print(f"tween4d {own_version()}")
        sys.exit(0)
    verb = tyro.cli(
        Verb,
        prog="tween4d",
        description=DESCRIPTION,
        args=words or ["--help"],
        config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes),
    )
    sys.exit(_exit_code(verb))


def _exit_code(verb: Verb) -> int:
    signal.signal(signal.SIGTERM, _terminated)
    try:
        verb.execute()
        sys.stdout.flush()
    except Tween4dError as error:
        if os.environ.get(DEBUG):
            raise
        complain(f"error: {error}")
        return REFUSED
    except KeyboardInterrupt:
        complain("interrupted; run the same command again to go on")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left, as `head` does; the interpreter must not try to write to it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        told = " ".join(str(error).split())
        complain(f"error: this should not have happened: {type(error).__name__}: {told}; {DEBUG}=1 shows where")
        return FAILED
    return 0


def _terminated(number: int, frame: FrameType | None) -> None:
    """Leave through the exits that remove unfinished files."""
    raise SystemExit(128 + number)
