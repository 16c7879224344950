"""Open an exported mesh in Blender and play it: `blender --python blender_import.py -- fox.glb`.

Runs inside Blender only, so not in our tests; it was run by hand, with Blender 5.0.1.
"""

import sys

import bpy

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=sys.argv[sys.argv.index("--") + 1])
scene = bpy.context.scene
scene.camera = next(item for item in scene.objects if item.type == "CAMERA")
scene.frame_end = int(max(action.frame_range[1] for action in bpy.data.actions))
# The photographs' colours as they are, without a film look.
scene.view_settings.view_transform = "Standard"
bpy.ops.screen.animation_play()
