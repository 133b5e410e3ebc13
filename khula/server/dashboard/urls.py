"""Addresses of `dashboard`: every page of a signed-in person, and the first page of everyone."""

from django.urls import path, register_converter

from khula.server.dashboard.child_address import ChildAddress
from khula.server.dashboard.views import child, class_board, counts, devices, home, ledger, packs, profile, system

register_converter(ChildAddress, "child")

urlpatterns = [
    path("", home.landing, name="landing"),
    path("home", home.home, name="home"),
    path("class/<int:class_id>", class_board.class_board, name="class_board"),
    path("c/<int:case_id>", child.case, name="case"),
    path("c/<child:child_id>", child.child, name="child"),
    path("counts", counts.counts, name="counts"),
    path("ledger", ledger.ledger, name="ledger"),
    path("ledger/<int:submission_id>", ledger.ledger_entry, name="ledger_entry"),
    path("ledger/<int:submission_id>/settle", ledger.settle, name="settle"),
    path("ledger/<int:submission_id>/retry", ledger.retry, name="retry"),
    path("ledger/<int:submission_id>/accept", ledger.accept_edit, name="accept_edit"),
    path("ledger/<int:submission_id>/copy/<int:copy_id>", ledger.settle_copy, name="settle_copy"),
    path("ledger/<int:submission_id>/list/<int:problem_id>", ledger.settle_problem, name="settle_problem"),
    path("ledger/row/<slug:entity_id>/clear", ledger.clear_row, name="clear_row"),
    path("packs", packs.packs, name="packs"),
    path("packs/publish", packs.publish_pack, name="publish_pack"),
    path("devices", devices.devices, name="devices"),
    path("devices/take-in", devices.take_in_files, name="take_in_files"),
    path("devices/make", devices.make_device, name="make_device"),
    path("devices/<int:device_id>/revoke", devices.revoke_device, name="revoke_device"),
    path("profile", profile.profile, name="profile"),
    path("system", system.system, name="system"),
    path("favicon.ico", system.icon, name="icon"),
    path("health", system.health, name="health"),
]
