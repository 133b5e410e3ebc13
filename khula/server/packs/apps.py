"""The app `packs`."""

from django.apps import AppConfig


class PacksConfig(AppConfig):
    name = "khula.server.packs"
