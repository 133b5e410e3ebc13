"""Addresses of help: the directory, referrals, the service log, needs, and the provider's own page."""

from django.urls import path

from khula.server.dashboard.views import provider, referrals, services

urlpatterns = [
    path("services", services.directory, name="services"),
    path("services/new", services.new_provider, name="new_provider"),
    path("services/<int:provider_id>", services.provider_page, name="provider"),
    path("services/<int:provider_id>/change", services.change_provider, name="change_provider"),
    path("services/<int:provider_id>/confirm", services.confirm_provider, name="confirm_provider"),
    path("services/<int:provider_id>/close", services.close_provider, name="close_provider"),
    path("sessions", services.choose_group, name="sessions"),
    path("sessions/new", services.new_session, name="new_session"),
    path("sessions/<int:session_id>", services.session_page, name="session"),
    path("needs", services.needs_page, name="needs"),
    path("needs/<slug:domain>", services.children_in_need, name="children_in_need"),
    path("c/<child:child_id>/log", services.log_contact, name="log_contact"),
    path("c/<child:child_id>/refer", referrals.refer_child, name="refer_child"),
    path("referrals", referrals.referrals, name="referrals"),
    path("referrals/follow-ups", referrals.follow_ups, name="follow_ups"),
    path("referrals/follow-ups/<int:follow_up_id>", referrals.settle_follow_up, name="settle_follow_up"),
    path("referrals/<int:referral_id>", referrals.referral, name="referral"),
    path("referrals/<int:referral_id>/step", referrals.take_step, name="take_step"),
    path("referrals/<int:referral_id>/back", referrals.take_back, name="take_back"),
    path("referrals/<int:referral_id>/owner", referrals.change_owner, name="change_owner"),
    path("referrals/<int:referral_id>/slip", referrals.make_slip, name="make_slip"),
    path("referrals/<int:referral_id>/links/<int:link_id>/revoke", referrals.revoke_link, name="revoke_link"),
    path("r/<str:token>", provider.answer, name="provider_link"),
]
