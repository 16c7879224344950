"""The architecture as tests: who imports whom, how long files are, what they are called and what they say."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "tween4d"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LAYERS = {
    "cli": 8,
    "app": 7,
    "pipeline": 6,
    "config": 5,
    "stages": 4,
    "fitting": 3,
    "splatting": 2,
    "priors": 2,
    "io": 2,
    "metrics": 2,
    "synthetic": 2,
    "data": 1,
    "steps": 1,
    "events": 1,
    "geometry": 0,
    "errors": 0,
}
# Neighbours of one layer that may know one another.
ALLOWED_PAIRS = {("synthetic", "splatting"), ("data", "steps"), ("data", "events"), ("steps", "events")}
# Where each heavy dependency may be imported; patterns on the path inside the package.
ADAPTERS = {
    "gsplat": r"splatting/gsplat_adapter\.py",
    "diffusers": r"priors/pretrained/.*",
    "transformers": r"priors/pretrained/.*",
    "viser": r"app/viewer\.py",
    "ray": r"app/batch\.py",
    "fastapi": r"app/studio/web/.*",
    "starlette": r"app/studio/web/.*",
    "pydantic": r"app/studio/web/.*",
    "uvicorn": r"app/studio/serve\.py",
    "pxr": r"io/usd(_mesh)?\.py",
    "numba": r"splatting/.*|.*kernels\.py",
    "torchvision": r"(?!)",
    "pickle": r"(?!)",
}
GRAB_BAGS = {"util", "utils", "helper", "helpers", "misc", "common", "tool", "tools", "stuff", "shared", "functions"}
LONGEST = 400
MOST_PARAMETERS = 8
# Calls whose signature is gsplat's, or a kernel's, which takes every array by itself.
WIDE = r"splatting/.*|.*kernels\.py"


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def inside(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Full names of everything a file imports, in functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = ("tween4d", *path.relative_to(PACKAGE).parent.parts)
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            yield from (f"{base}.{name.name}" for name in node.names)


def own_imports(path: Path) -> Iterator[tuple[str, str, str]]:
    """(own top-level part, imported top-level part, full imported name) of imports inside the package."""
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "tween4d" and len(parts) > 1 and own != "__init__":
            yield own, parts[1], name


def test_imports_point_downwards() -> None:
    """Oracle: the layer table; lazy imports count."""
    wrong = []
    for path in MODULES:
        for own, other, name in own_imports(path):
            if own == other:
                continue
            if LAYERS[other] > LAYERS[own]:
                wrong.append(f"{inside(path)} imports {name} from a higher layer")
            if LAYERS[other] == LAYERS[own] and not {(own, other), (other, own)} & ALLOWED_PAIRS:
                wrong.append(f"{inside(path)} imports its neighbour {name}")
            if (own, other) == ("splatting", "synthetic"):
                wrong.append(f"{inside(path)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_the_method_knows_no_concrete_prior_file_or_shell() -> None:
    """Oracle: the rule of stages and pipeline: of the priors only the protocols, no io, no other stage."""
    wrong = []
    for path in MODULES:
        for own, other, name in own_imports(path):
            if own not in ("pipeline", "config", "stages", "fitting"):
                continue
            concrete = other == "priors" and not name.startswith("tween4d.priors.protocols")
            sibling = own == other == "stages"
            if concrete or sibling or other in ("io", "app", "cli"):
                wrong.append(f"{inside(path)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_geometry_knows_no_values() -> None:
    """Oracle: the rule of layer 0: arrays in, arrays out."""
    wrong = [
        f"{inside(p)} imports {name}"
        for p in MODULES
        for own, other, name in own_imports(p)
        if own == "geometry" != other
    ]
    assert not wrong, "\n".join(wrong)


def test_every_part_of_the_package_has_a_layer() -> None:
    """Oracle: the folder itself; a new package must be given its place."""
    found = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in MODULES} - {"__init__", "__main__"}
    assert found <= set(LAYERS)


@pytest.mark.parametrize("dependency", ADAPTERS)
def test_a_heavy_dependency_has_one_place(dependency: str) -> None:
    """Oracle: the table of adapters; torchvision and pickle have no place at all."""
    users = [inside(p) for p in MODULES if any(name.split(".")[0] == dependency for name in imported(p))]
    assert [user for user in users if not re.fullmatch(ADAPTERS[dependency], user)] == []


def test_modules_are_loaded_by_name_only_where_names_are_kept() -> None:
    """Oracle: list of places; an import by string would go round the rules above."""
    wrong = []
    for path in MODULES:
        called = {ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)}
        if called & {"import_module", "importlib.import_module", "__import__"}:
            wrong.append(inside(path))
    known = {"priors/register.py", "io/values.py", "splatting/numba_engine/stored.py"}
    assert [path for path in wrong if path not in known and not path.startswith(("cli/", "app/"))] == []


def test_nothing_prints_outside_the_command_line() -> None:
    """Oracle: rule; the library reports by events."""
    wrong = [
        f"{inside(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert [place for place in wrong if not place.startswith("cli/")] == []


def test_nothing_is_unpickled() -> None:
    """Oracle: rule; files are data: no torch.load or torch.save, no allow_pickle."""
    wrong = []
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                risky = ast.unparse(node.func) in ("torch.load", "torch.save", "joblib.load", "joblib.dump")
                allows = any(k.arg == "allow_pickle" and ast.unparse(k.value) != "False" for k in node.keywords)
                if risky or allows:
                    wrong.append(f"{inside(path)}:{node.lineno}")
    assert not wrong, "\n".join(wrong)


def test_files_are_short() -> None:
    """Oracle: the limit of 400 lines, for everything that is written by hand."""
    folders = ("src", "tests", "player/src", "training", "benchmarks", "examples")
    kinds = {".py", ".ts", ".mjs", ".css"}
    paths = [
        p for folder in folders for p in (ROOT / folder).rglob("*") if p.suffix in kinds and "io/player" not in str(p)
    ]
    lengths = {p.relative_to(ROOT).as_posix(): len(p.read_text(encoding="utf-8").splitlines()) for p in paths}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_names_say_something() -> None:
    """Oracle: the list of names that say nothing."""
    names = {part for path in [*MODULES, *TESTS] for part in path.relative_to(ROOT).with_suffix("").parts}
    assert names & GRAB_BAGS == set()


def definitions(path: Path) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public functions and classes of a module, and the public methods of those classes that are no properties."""
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            for child in node.body if isinstance(node, ast.ClassDef) else ():
                plain = isinstance(child, ast.FunctionDef) and not child.name.startswith("_")
                if plain and "property" not in map(ast.unparse, child.decorator_list):
                    yield child


def test_public_names_are_documented() -> None:
    """Oracle: rule; every module, public function, class and method says in a sentence what it is."""
    wrong = [inside(p) for p in MODULES if p.name != "__init__.py" and not ast.get_docstring(tree(p))]
    wrong += [f"{inside(p)}:{d.lineno} {d.name}" for p in MODULES for d in definitions(p) if not ast.get_docstring(d)]
    assert not wrong, "\n".join(wrong)


def test_functions_take_few_parameters() -> None:
    """Oracle: the limit of 8; beyond it a config belongs."""
    wrong = []
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and not re.fullmatch(WIDE, inside(path)):
                arguments = [a.arg for a in [*node.args.args, *node.args.kwonlyargs] if a.arg not in ("self", "cls")]
                if len(arguments) > MOST_PARAMETERS:
                    wrong.append(f"{inside(path)}:{node.lineno} {node.name} takes {len(arguments)}")
    assert not wrong, "\n".join(wrong)


def test_every_test_names_its_oracle() -> None:
    """Oracle: rule; a test says what its expectation comes from."""
    wrong = []
    for path in TESTS:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                if "oracle" not in (ast.get_docstring(node) or "").lower():
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert not wrong, "\n".join(wrong)


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    found = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    return {plain(name): version for name, version in found.items()}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_direct_dependency_is_pinned_within_its_bounds() -> None:
    """Oracle: pyproject.toml; runtime, test and build requirements each have a release in constraints.txt that fits."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["test"], *project["build-system"]["requires"]]
    pinned = pins()
    for text in wanted:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pinned[plain(requirement.name)]), text


def test_torch_is_pinned_and_torchvision_stays_out() -> None:
    """Oracle: a known trap; torchvision is a CUDA build and breaks its neighbours beside a CPU torch."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert pins()["torch"] == "2.13.0"
    assert "torchvision" not in pins()
    named = {Requirement(text).name for text in project["dependencies"]}
    assert "torchvision" not in named


def test_lock_files_name_no_registry() -> None:
    """Oracle: rule; where packages come from is the installing machine's business."""
    lock = json.loads((ROOT / "player" / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in package for path, package in lock["packages"].items() if path)
    for path in (ROOT / "player" / "package-lock.json", ROOT / "constraints.txt"):
        assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links", path.read_text()) == []
