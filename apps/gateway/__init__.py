"""Doors in the shapes that other systems already knock on: WeChat's own paths, and those of older services."""
