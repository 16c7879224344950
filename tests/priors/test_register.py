"""Priors by name."""

import subprocess
import sys

import pytest

from tween4d.errors import InputError
from tween4d.priors.protocols import Inbetweener, Matter, MultiViewPrior
from tween4d.priors.register import DEFAULTS, REGISTER, make_priors

PROTOCOLS = {"matter": Matter, "inbetweener": Inbetweener, "multiview": MultiViewPrior}


def test_defaults_fill_every_role() -> None:
    """Oracle: the protocols; each role is filled by what it asks for, and the asset can name all of them."""
    priors = make_priors()
    for role, protocol in PROTOCOLS.items():
        assert isinstance(getattr(priors, role), protocol)
    assert {info.name for info in priors.info} == set(DEFAULTS.values())


@pytest.mark.parametrize("name", [name for name, entry in REGISTER.items() if entry.info.kind == "embedded"])
def test_embedded_priors_can_be_made_and_say_their_licence(name: str) -> None:
    """Oracle: the register; everything shipped is Apache-2.0, needs nothing more, and is made from its name."""
    entry = REGISTER[name]
    assert entry.info.licence == "Apache-2.0" and entry.needs == ()
    assert isinstance(entry.factory(), PROTOCOLS[entry.role])
    assert getattr(make_priors(**{entry.role: name}), entry.role).__class__ is entry.factory().__class__


@pytest.mark.parametrize(("role", "name"), [("matter", "nobody"), ("matter", DEFAULTS["inbetweener"])])
def test_an_unknown_name_or_one_of_another_role_is_refused(role: str, name: str) -> None:
    """Oracle: stated error; the sentence names the choices."""
    with pytest.raises(InputError) as caught:
        make_priors(**{role: name})
    assert DEFAULTS[role] in caught.value.remedy


def test_the_register_imports_no_prior() -> None:
    """Oracle: a fresh interpreter; reading the list loads none of the priors' modules, only what describes them."""
    heavy = ("tween4d.priors.embedded.", "tween4d.priors.pretrained.", "diffusers", "transformers")
    code = f"import sys, tween4d.priors.register; print([m for m in sys.modules if m.startswith({heavy})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    described = ["tween4d.priors.pretrained.catalogue", "tween4d.priors.pretrained.settings"]
    assert done.stdout.strip() == str(described)
