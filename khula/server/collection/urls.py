"""Addresses of `collection`: all of them behind a device's token."""

from django.urls import re_path

from khula.server.collection.door import view

urlpatterns = [re_path(r"^v1/key/", view, name="door")]
