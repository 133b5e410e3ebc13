"""The app `consent`."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "khula.server.consent"
