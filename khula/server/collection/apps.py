"""The app `collection`."""

from django.apps import AppConfig


class CollectionConfig(AppConfig):
    name = "khula.server.collection"
