"""The demonstration's referrals: every kind of state is there to be seen, once, and nothing lies ahead of the day."""

import pytest
from django.utils import timezone

from khula.demo.help import DIRECTORY, put_up_help
from khula.server.consent.access import reader_of
from khula.server.services.models import Provider, Referral, ReferralStep, ServiceContact
from khula.server.services.queries import derived, open_referrals, providers
from khula.server.services.states import State
from tests.server.cast import Cast, a_wave, the_cast

TODAY = timezone.localdate


@pytest.fixture
def cast() -> Cast:
    cast = the_cast()
    a_wave(cast)
    return cast


def test_every_state_is_there_and_a_second_start_adds_nothing(cast: Cast) -> None:
    for _ in range(2):
        put_up_help(today=TODAY(), schools={1: cast.school.emis_number})
    assert set(Referral.objects.values_list("state", flat=True)) == set(State)
    assert Provider.objects.count() == len(DIRECTORY)
    assert not ReferralStep.objects.filter(day__gt=TODAY()).exists()
    for referral in Referral.objects.all():
        assert derived(referral.pk)["state"] == referral.state
    rows = open_referrals(reader_of(cast.coordinator, TODAY()), on=TODAY())
    assert 0 < sum(row.standing.overdue for row in rows) < len(rows)
    listed = providers(on=TODAY())
    assert [row.provider.name for row in listed if row.full] and [row for row in listed if row.stale]
    assert ServiceContact.objects.filter(outcome="absent").exists()
