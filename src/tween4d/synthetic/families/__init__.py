"""Families of objects: each draws proportions, colours and two poses from a generator and builds a scene."""

from collections.abc import Callable

import numpy as np

from tween4d.synthetic.families.beetle import beetle
from tween4d.synthetic.families.bird import bird
from tween4d.synthetic.families.cabinet import cabinet
from tween4d.synthetic.families.chair import chair
from tween4d.synthetic.families.chest import chest
from tween4d.synthetic.families.contraption import contraption
from tween4d.synthetic.families.crab import crab
from tween4d.synthetic.families.creature import creature
from tween4d.synthetic.families.excavator import excavator
from tween4d.synthetic.families.fish import fish
from tween4d.synthetic.families.flower import flower
from tween4d.synthetic.families.gadget import gadget
from tween4d.synthetic.families.lamp import lamp
from tween4d.synthetic.families.octopus import octopus
from tween4d.synthetic.families.person import person
from tween4d.synthetic.families.plane import plane
from tween4d.synthetic.families.plant import plant
from tween4d.synthetic.families.quadruped import quadruped
from tween4d.synthetic.families.robot import robot
from tween4d.synthetic.families.snake import snake
from tween4d.synthetic.families.teapot import teapot
from tween4d.synthetic.families.turtle import turtle
from tween4d.synthetic.families.vehicle import vehicle
from tween4d.synthetic.scene import Scene

FAMILIES: dict[str, Callable[[np.random.Generator], Scene]] = {
    "beetle": beetle,
    "bird": bird,
    "cabinet": cabinet,
    "chair": chair,
    "chest": chest,
    "contraption": contraption,
    "crab": crab,
    "creature": creature,
    "excavator": excavator,
    "fish": fish,
    "flower": flower,
    "gadget": gadget,
    "lamp": lamp,
    "octopus": octopus,
    "person": person,
    "plane": plane,
    "plant": plant,
    "quadruped": quadruped,
    "robot": robot,
    "snake": snake,
    "teapot": teapot,
    "turtle": turtle,
    "vehicle": vehicle,
}
"""By name; the same seed draws the same scene."""
