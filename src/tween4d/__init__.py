"""Two images of an object in, a playable 4D Gaussian-splat asset out."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "Client":
        # Only whoever asks for it loads it.
        from tween4d.app.client import Client

        return Client
    raise AttributeError(f"module 'tween4d' has no attribute {name!r}")
