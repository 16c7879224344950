"""Families of objects: each a function from a random generator to a scene."""

from tween4d.synthetic.families.robot import robot

__all__ = ["robot"]
