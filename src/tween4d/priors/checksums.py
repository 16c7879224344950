"""SHA-256 of each file of weights that ships with the package, by its name without suffix."""

CHECKSUMS: dict[str, str] = {
    "geometry": "009b00b17f9c8ce77bdb6e01e23e3040c7c44562871b411ed7a91fae8d9a8134",
    "motion": "e77f195413a2528313c20f80aed664ee0b9313041a8a167f48ab96be2394f271",
}
