"""The app `field`."""

from django.apps import AppConfig


class FieldConfig(AppConfig):
    name = "khula.server.field"
