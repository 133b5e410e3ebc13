"""Addresses of plans, tasks and the library of what can be done; a part of `urls.py`."""

from django.urls import path

from khula.server.dashboard.views import plans, tasks

urlpatterns = [
    path("tasks", tasks.tasks, name="tasks"),
    path("c/<child:child_id>/plan", plans.plan, name="plan"),
    path("c/<child:child_id>/plan/<slug:domain>", plans.domain, name="plan_domain"),
    path("c/<child:child_id>/plan/<slug:domain>/act", plans.act, name="plan_act"),
    path("c/<child:child_id>/plan/<slug:domain>/leave", plans.leave, name="plan_leave"),
    path("c/<child:child_id>/plan/<slug:domain>/judge", plans.judge, name="plan_judge"),
    path("c/<child:child_id>/note", plans.note, name="plan_note"),
    path("c/<child:child_id>/close", plans.close, name="plan_close"),
    path("c/<child:child_id>/caregiver", plans.caregiver, name="caregiver"),
    path("action/<int:action_id>", plans.action, name="action"),
    path("action/<int:action_id>/change", plans.change_action, name="change_action"),
    path("action/<int:action_id>/finish", plans.finish_action, name="finish_action"),
    path("library", plans.show_library, name="library"),
    path("library/<slug:code>", plans.line, name="library_line"),
]
