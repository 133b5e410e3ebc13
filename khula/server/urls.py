"""Every address of the server, app by app."""

from django.urls import include, path

urlpatterns = [
    path("", include("khula.server.field.urls")),  # before the door, whose addresses begin as its own
    path("", include("khula.server.collection.urls")),
    path("", include("khula.server.packs.urls")),
    path("", include("khula.server.people.urls")),
    path("", include("khula.server.dashboard.urls")),
]

handler400 = "khula.server.dashboard.views.system.bad_request"
handler403 = "khula.server.dashboard.views.system.refused"
handler404 = "khula.server.dashboard.views.system.not_found"
handler500 = "khula.server.dashboard.views.system.failed"
