"""The app `plans`."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "khula.server.plans"
