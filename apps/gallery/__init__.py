"""The gallery: staff look at codes, make one, download it."""
