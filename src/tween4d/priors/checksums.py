"""SHA-256 of each file of weights that ships with the package, by its name without suffix."""

CHECKSUMS: dict[str, str] = {
    "geometry": "dfd7d3f0cf3d3d5bafd285ad36b879047789b72bc961c8b6420ce1ad51b2239b",
    "motion": "e77f195413a2528313c20f80aed664ee0b9313041a8a167f48ab96be2394f271",
}
