"""Articulated, textured objects with full 4D truth: the demo, the end-to-end test and the trainer use them."""

from tween4d.synthetic.case import CaseView, SyntheticCase, render_case
from tween4d.synthetic.example import example_pair_paths, example_scene
from tween4d.synthetic.scene import Scene

__all__ = ["CaseView", "Scene", "SyntheticCase", "example_pair_paths", "example_scene", "render_case"]
