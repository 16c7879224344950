"""SHA-256 of each file of weights that ships with the package, by its name without suffix."""

CHECKSUMS: dict[str, str] = {
    "geometry": "dfd7d3f0cf3d3d5bafd285ad36b879047789b72bc961c8b6420ce1ad51b2239b",
    "motion": "3e52610df6811c33827dc79dfeee604dc90d115b4cbad7ab3cdca0f46718ab70",
}
