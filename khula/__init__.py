"""Khula: four voices about one child, one explained case, one team that acts."""

__version__ = "0.1.0"
