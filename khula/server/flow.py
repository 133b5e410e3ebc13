"""The whole way on one page: when this has happened, do that next.

Each entry maps a kind of event to the functions that follow, in order. They run in the transaction that recorded
the event (or later, from the work list, when they failed), receive the event, and may record further events.
"""

from collections.abc import Callable, Mapping

from khula.server.cases import actions as cases
from khula.server.cases import learners
from khula.server.collection import actions as collection
from khula.server.events.models import Event
from khula.server.field import actions as field
from khula.server.plans import actions as plans
from khula.server.safeguarding import alerts
from khula.server.services import from_field as services
from khula.server.waves import actions as waves

FLOW: Mapping[str, tuple[Callable[[Event], None], ...]] = {
    # The pack: what devices may fill in from now on
    "pack.published": (collection.retake_after_publishing,),
    # The school: who is there, and who cares for whom
    "child.enrolled": (learners.tell_devices, waves.count_in_child),
    "child.moved": (waves.count_in_child, cases.go_with_child, learners.tell_devices),
    "child.left": (learners.take_off_devices,),
    "child.corrected": (learners.tell_devices, cases.assess_child_again),
    "caregiver.changed": (waves.ask_new_caregiver, learners.tell_devices),
    # The wave: who is to be asked about whom
    "wave.opened": (cases.open_cases,),
    "wave.begun": (learners.tell_devices,),
    "child.added_to_wave": (cases.open_cases,),
    # The field: what came in
    "learner.registered": (learners.enrol_registered,),
    "learner.changed": (learners.correct_from_device,),
    "submission.received": (cases.take_in, services.take_in_form),
    "submission.quarantined": (cases.hand_on_from_quarantine,),
    "device.revoked": (field.forget_share,),
    # Safeguarding: named people are told outside the ordinary queue
    "alert.raised": (alerts.open_duty,),
    # The team: every red cell ends in a task, a referral or a recorded no-action
    "case.assessed": (plans.see_to_act_now,),
    "referral.sent": (plans.take_note_of_referral,),
    "referral.changed": (plans.take_note_of_referral,),
}
