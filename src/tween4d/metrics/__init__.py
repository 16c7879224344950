"""How near a rendered motion is to the truth: pictures, points and time. Values are those of the 4D benchmark."""
