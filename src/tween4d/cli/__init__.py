"""The command line: one verb a file, typed with tyro; nothing heavy is imported before a verb runs."""

from tween4d.cli.main import main

__all__ = ["main"]
