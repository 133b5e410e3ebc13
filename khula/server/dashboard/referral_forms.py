"""What a page asks about a step of a referral: one short form for each state that may come next.

In: the state a referral stands in. Out: forms that ask for what the step must say, and the words for what went wrong.
"""

from collections.abc import Iterable, Mapping

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from khula.server.services.kinds import BARRIERS, DECLINED, ENDED, OUTCOMES, Words
from khula.server.services.states import NEXT, State, must_say

STEP_WORDS: Mapping[str, Words] = {
    State.ACCEPTED: _("Accepted"),
    State.DECLINED: _("Declined"),
    State.APPOINTMENT: _("There is an appointment"),
    State.ATTENDED: _("The child came"),
    State.NOT_ATTENDED: _("The child did not come"),
    State.OUTCOME: _("What came of it"),
    State.CLOSED: _("Close it"),
    State.WITHDRAWN: _("Withdraw it"),
}
PROBLEMS: Mapping[str, Words] = {
    "not_from_here": _("This cannot follow from where the referral stands now. See its history, then choose again."),
    "says_too_little": _("Say the rest, too. This step cannot be recorded without it."),
    "unknown_code": _("Choose from the list."),
    "day_ahead": _("This day is still to come. Choose today or an earlier day."),
    "before_sent": _("The referral was sent later than this day. Choose a later day."),
    "appointment_before": _("This day has passed. Choose the day of the appointment."),
    "provider_closed": _("This service has closed. Choose another one."),
    "earlier_still_open": _("The earlier referral is still on its way. Record what became of it first."),
    "nobody_came": _("Tick each child that came."),
    "not_of_this_school": _("One of the children is not at this school. Choose the group again."),
}


def a_day(label: Words, *, required: bool = True, initial: object = None) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        initial=initial,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": _("Choose a day."), "invalid": _("Choose a day, such as 2026-03-31.")},
    )


def a_choice(label: Words, codes: Mapping[str, Words], *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=required,
        choices=[("", _("Choose")), *codes.items()],
        error_messages={"required": _("Choose from the list."), "invalid_choice": _("Choose from the list.")},
    )


class StepForm(forms.Form):
    """What one step must say, its day, and a word for the team."""

    def __init__(self, before: str, to: str, *given: object, note: bool = True, **named: object) -> None:
        super().__init__(*given, auto_id=f"{to}_%s", **named)
        self.to, self.words = to, STEP_WORDS[State(to)]
        word = must_say(before, to)
        if word == "appointment_on":
            self.fields[word] = a_day(_("Day of the appointment"))
        elif word == "barrier":
            self.fields[word] = a_choice(_("What stood in the way most?"), BARRIERS)
        elif word == "outcome":
            self.fields[word] = a_choice(_("Was the child helped?"), OUTCOMES)
        elif word == "reason":
            self.fields[word] = a_choice(_("Why?"), DECLINED if to == State.DECLINED else ENDED)
        self.fields["on"] = a_day(_("When did this happen?"), initial=timezone.localdate())
        if note:
            self.fields["note"] = forms.CharField(
                label=_("A word for the team"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
            )

    def refuse(self, code: str, about: str) -> None:
        self.add_error(about if about in self.fields else None, PROBLEMS[code])


def step_forms(before: str, allowed: Iterable[str] = tuple(State), *, note: bool = True) -> list[StepForm]:
    """One for each step that may come next, of those allowed."""
    return [StepForm(before, to, note=note) for to in NEXT[before] if to in allowed]
