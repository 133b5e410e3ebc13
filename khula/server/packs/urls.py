"""Addresses of `packs`."""

urlpatterns = []
