"""Typed errors of the boundary: what happened, what was got, and what to do about it."""


class Tween4dError(Exception):
    """A problem the user can act on; the CLI prints it as one sentence and exits with code 2.

    Args:
        what: what is wrong, without a final full stop.
        got: the offending value as text, or "" if there is none.
        remedy: what to do about it.
    """

    def __init__(self, what: str, got: str = "", remedy: str = "") -> None:
        self.what, self.got, self.remedy = what, got, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.what]
        if self.got:
            parts.append(f" (got {self.got})")
        if self.remedy:
            parts.append(f"; {self.remedy}")
        return "".join(parts)


class InputError(Tween4dError):
    """The user's images, masks, cameras or options cannot be used."""


class ObjectNotFoundError(InputError):
    """No object could be separated from the background."""


class AssetError(Tween4dError):
    """A .t4d file is truncated, altered, of a newer version, or not an asset."""


class OutputError(Tween4dError):
    """The output cannot be written."""


class BackendError(Tween4dError):
    """A backend or prior was asked for that this machine cannot run."""


class WeightsError(Tween4dError):
    """The weights of a network are missing, damaged or not the expected ones."""
