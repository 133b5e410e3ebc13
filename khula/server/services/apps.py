"""The app `services`."""

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "khula.server.services"
