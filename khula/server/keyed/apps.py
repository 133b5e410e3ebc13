"""The app `keyed`."""

from django.apps import AppConfig


class KeyedConfig(AppConfig):
    name = "khula.server.keyed"
