"""Frozen dataclasses of tensors as a JSON tree plus named tensors, and back; the form that the cache keeps."""

import hashlib
import importlib
import json
import math
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

READABLE = "tween4d.data."


class ValueFormError(Exception):
    """A value that cannot be written, or a tree that does not describe one."""


@dataclass(frozen=True)
class Packed:
    """A value taken apart."""

    tree: Any
    """JSON: scalars as they are, everything else as a one-key object that names its kind."""
    tensors: dict[str, Tensor]
    """The leaves, contiguous, on the CPU."""


def pack(value: Any) -> Packed:
    """Take a value apart: tensors, dataclasses, tuples, lists, string-keyed dictionaries, paths and scalars.

    Raises:
        ValueFormError: for any other kind of object.
    """
    tensors: dict[str, Tensor] = {}
    return Packed(_pack(value, tensors), tensors)


def unpack(packed: Packed) -> Any:
    """Put a value together again; only dataclasses of `tween4d.data` are made.

    Raises:
        ValueFormError: when the tree is malformed, names another type, or misses a tensor.
    """
    try:
        return _unpack(packed.tree, packed.tensors)
    except (KeyError, TypeError, AttributeError, ImportError, ValueError) as error:
        raise ValueFormError(f"malformed value: {error}") from error


def digest(packed: Packed) -> str:
    """SHA-256 over structure, types, shapes and contents: equal for equal values only."""
    total = hashlib.sha256(json.dumps(packed.tree, sort_keys=True).encode())
    for name, tensor in packed.tensors.items():
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return total.hexdigest()


def _pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # A copy, because safetensors refuses tensors that share memory.
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        content = {f.name: _pack(getattr(value, f.name), tensors) for f in fields(value)}
        return {"type": f"{kind.__module__}:{kind.__qualname__}", "fields": content}
    if isinstance(value, tuple):
        return {"tuple": [_pack(item, tensors) for item in value]}
    if isinstance(value, list):
        return {"list": [_pack(item, tensors) for item in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _pack(item, tensors) for key, item in value.items()}}
    if isinstance(value, Path):
        return {"path": str(value)}
    raise ValueFormError(f"a {type(value).__module__}.{type(value).__qualname__} cannot be written")


def _unpack(tree: Any, tensors: dict[str, Tensor]) -> Any:
    if tree is None or isinstance(tree, bool | int | str | float):
        return tree
    if "fields" in tree:
        return _type_named(tree["type"])(**{k: _unpack(v, tensors) for k, v in tree["fields"].items()})
    ((kind, content),) = tree.items()
    match kind:
        case "tensor":
            return tensors[content]
        case "tuple":
            return tuple(_unpack(item, tensors) for item in content)
        case "list":
            return [_unpack(item, tensors) for item in content]
        case "dict":
            return {key: _unpack(item, tensors) for key, item in content.items()}
        case "float":
            return float(content)
        case "path":
            return Path(content)
    raise ValueFormError(f"unknown kind {kind!r}")


def _type_named(name: str) -> type:
    module, _, qualname = name.partition(":")
    if not module.startswith(READABLE):
        raise ValueFormError(f"{name} is not a value type")
    kind = getattr(importlib.import_module(module), qualname)
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise ValueFormError(f"{name} is not a value type")
    return kind
