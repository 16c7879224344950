"""Which families of objects no model of ours has seen in training."""

HELD_OUT = (
    "beetle",
    "lamp",
    "chest",
    "dinosaurs_pack",
    "mech_pack",
    "easy_enemies",
    "kaykit",
    "ships",
    "chair",
    "house_interior_chair",
    "ultimate_space_rover",
)
"""Beginnings of the names of families that are for validation only: everything in them is unlike the rest."""


def is_held_out(family: str) -> bool:
    """Whether a family is for validation only."""
    return family.startswith(HELD_OUT)
