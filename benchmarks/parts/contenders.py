"""Renderers that a timing compares: a name, and a function from a scene to a picture that can be differentiated."""

import importlib
import importlib.util
from collections.abc import Callable

import torch
from scene import Scene
from torch import Tensor

from tween4d.splatting import rasterize

Render = Callable[[Scene], Tensor]


def engine(scene: Scene) -> Tensor:
    """This package's CPU engine."""
    return rasterize(*scene.arrays, scene.viewmats, scene.Ks, scene.width, scene.height, backend="numba")[0]


def reference(scene: Scene) -> Tensor:
    """The same equations in plain PyTorch."""
    return rasterize(*scene.arrays, scene.viewmats, scene.Ks, scene.width, scene.height, backend="reference")[0]


def gsplat(scene: Scene) -> Tensor:
    """gsplat on CUDA; waits for the device."""
    image = rasterize(*scene.arrays, scene.viewmats, scene.Ks, scene.width, scene.height, backend="gsplat")[0]
    torch.cuda.synchronize()
    return image


def find(extra: tuple[str, ...]) -> tuple[dict[str, tuple[Render, str]], dict[str, str]]:
    """Renderers that run here with their device, and those that do not with the reason.

    Args:
        extra: "name=module:function"; the function takes a Scene and returns its picture [1, h, w, 3]. This is how a
            user's build of OpenSplat's CPU kernels, which have no Python package, enters.
    """
    found: dict[str, tuple[Render, str]] = {"tween4d": (engine, "cpu"), "plain torch": (reference, "cpu")}
    absent = {}
    if not torch.cuda.is_available():
        absent["gsplat"] = "no CUDA device"
    elif importlib.util.find_spec("gsplat") is None:
        absent["gsplat"] = "not installed"
    else:
        found["gsplat"] = gsplat, "cuda"
    for entry in extra:
        name, _, place = entry.partition("=")
        module, _, function = place.partition(":")
        found[name] = getattr(importlib.import_module(module), function), "cpu"
    if "OpenSplat" not in found:
        absent["OpenSplat"] = "no adapter given (--extra OpenSplat=module:function)"
    return found, absent
