"""`tween4d models`: pretrained models, their terms and their files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from tween4d.cli.console import complain, say
from tween4d.cli.options import Flag
from tween4d.errors import InputError


@dataclass(frozen=True)
class Models:
    """List, get and check pretrained models.

    $ tween4d models list
    $ tween4d models licence zero123pp
    $ tween4d models pull zero123pp --accept-licence zero123pp
    $ tween4d models check zero123pp

    Nothing else ever downloads. See docs/priors.md.
    """

    what: Annotated[Positional[Literal["list", "pull", "path", "licence", "check"]], arg(metavar="WHAT")]
    """list, pull, path, licence or check."""
    name: Annotated[Positional[str], arg(metavar="NAME", help_behavior_hint="")] = ""
    """A model of the list."""
    weights: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="(default: a cache folder)")] = None
    """Folder of all models."""
    revision: Annotated[str | None, arg(metavar="COMMIT", help_behavior_hint="(default: the current one)")] = None
    """Commit of the model's repository."""
    accept_licence: Annotated[tuple[str, ...], arg(metavar="NAME", help_behavior_hint="")] = ()
    """Models whose terms you have read and accept."""
    commercial: Flag = False
    """Refuse models that may not be used commercially."""

    def execute(self) -> None:
        """Do what was asked, for one model or for the list."""
        from tween4d.priors.pretrained.catalogue import CATALOGUE
        from tween4d.priors.pretrained.loading import card_of, find_weights
        from tween4d.priors.pretrained.pulling import check, pull
        from tween4d.priors.pretrained.settings import PretrainedSettings, default_folder

        folder = self.weights or default_folder()
        if self.what == "list":
            for card in CATALOGUE.values():
                here = "here" if (folder / card.name).is_dir() else "-"
                size = f"{card.download_gb:g} GB, {card.vram_gb:g} GB of GPU"
                allowed = f"commercial: {card.commercial}"
                say(f"{card.name:11s} {card.role:11s} {size:24s} {allowed:23s} {here:5s} {card.licence}")
            return
        if not self.name:
            raise InputError("a model's name is wanted", remedy=f"for example tween4d models {self.what} wan-vace")
        card = card_of(self.name)
        settings = PretrainedSettings(folder, self.accept_licence, self.commercial)
        if self.what == "licence":
            say(f"{card.name}: {card.licence}; commercial use: {card.commercial}; {card.terms}")
            say(f"source: https://huggingface.co/{card.source}{' (asks for an account)' if card.gated else ''}")
        elif self.what == "pull":
            complain(f"note: {card.source}, about {card.download_gb:g} GB")
            say(f"{self.name}: {pull(self.name, settings, self.revision)}")
            for part in card.needs:
                complain(f"note: it also needs {part}: tween4d models pull {part}")
        elif self.what == "path":
            say(str(find_weights(self.name, PretrainedSettings(folder, (self.name,), self.commercial)).folder))
        else:
            say(f"{self.name}: {check(self.name, settings)} files are as they were downloaded")
