"""The app `dashboard`."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "khula.server.dashboard"
