"""SHA-256 of each file of weights that ships with the package, by its name without suffix."""

CHECKSUMS: dict[str, str] = {
    "motion": "e77f195413a2528313c20f80aed664ee0b9313041a8a167f48ab96be2394f271",
}
