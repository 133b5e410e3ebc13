"""Addresses of `field`: the program, open to anyone, and its door, behind a device's token."""

from django.urls import re_path

from khula.server.field import door, program

urlpatterns = [
    re_path(r"^v1/key/[^/]*/field(?:/|$)", door.view, name="field_door"),
    re_path(r"^field(?:/|$)", program.view, name="field_program"),
]
