"""What is typed on the pages of plans: an action, a no-action, a judgement, an end, a line of the library."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from khula.server.dashboard.status import DOMAINS
from khula.server.people.roles import Role
from khula.server.plans.models import LevelOverride, Plan

MOST = 600  # letters of what is typed: a sentence or two
NOT_OFFERED = {"invalid_choice": _("Choose from the list.")}
LONG = {"max_length": _("Say it in fewer words.")}
NO_DAY = {"required": _("Choose a day."), "invalid": _("Write the day as year-month-day, such as 2027-03-15.")}


def sentence(label: object, required: object = None) -> forms.CharField:
    """A sentence or two; `required` says what to do where they are missing."""
    messages = LONG | ({"required": required} if required else {})
    return forms.CharField(label=label, max_length=MOST, required=required is not None, error_messages=messages)


class Day(forms.DateField):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, label: object, **more: object) -> None:
        super().__init__(label=label, input_formats=["%Y-%m-%d"], error_messages=NO_DAY, **more)


class ActionForm(forms.Form):
    """One need, what it should come to, and the first thing that is done about it."""

    need = forms.ChoiceField(label=_("What needs help"), required=False, error_messages=NOT_OFFERED)
    words = sentence(_("In your own words"))
    goal = sentence(_("What should be better"))
    intervention = forms.ChoiceField(label=_("Suggestion"), required=False, error_messages=NOT_OFFERED)
    what = sentence(_("What is done, in your own words"))
    owner = forms.ChoiceField(
        label=_("Who does it"), error_messages=NOT_OFFERED | {"required": _("Say who does it.")}
    )  # fmt: skip
    review_on = Day(_("When you look at it again"))
    siblings = forms.MultipleChoiceField(
        label=_("Also for"), required=False, widget=forms.CheckboxSelectMultiple, error_messages=NOT_OFFERED
    )
    for_all = forms.BooleanField(label=_("The child’s whole team may read these words"), required=False)
    on_slip = forms.BooleanField(label=_("Agreed with the caregiver: show it on her page"), required=False)

    def __init__(
        self,
        *given: object,
        needs: Sequence[tuple[str, str]],
        suggestions: Sequence[tuple[str, str]],
        owners: Sequence[tuple[int, str]],
        siblings: Sequence[tuple[str, str]],
        **named: object,
    ) -> None:
        super().__init__(*given, **named)
        self.fields["need"].choices = [*needs, ("", _("Something else, in my own words"))]
        none = _("No suggestion") if suggestions else _("None available")
        self.fields["intervention"].choices = [("", none), *suggestions]
        self.fields["owner"].choices = [("", _("Choose a person")), *((str(pk), name) for pk, name in owners)]
        self.fields["siblings"].choices = siblings


class NoActionForm(forms.Form):
    reason = sentence(_("Why nothing is done now"), _("Say why nothing is done now."))
    review_on = Day(_("When you look at it again"))


class JudgeForm(forms.Form):
    level = forms.ChoiceField(
        label=_("Your own judgement"), choices=LevelOverride.Level.choices,
        error_messages=NOT_OFFERED | {"required": _("Choose a level.")},
    )  # fmt: skip
    judged_because = sentence(_("Why you judge it so"), _("Say why you judge it so."))


class ChangeForm(forms.Form):
    what = sentence(_("What is done"), _("Say what is to be done."))
    owner = forms.ChoiceField(
        label=_("Who does it"), error_messages=NOT_OFFERED | {"required": _("Say who does it.")}
    )  # fmt: skip
    review_on = Day(_("When you look at it again"))

    def __init__(self, *given: object, owners: Sequence[tuple[int, str]], **named: object) -> None:
        super().__init__(*given, **named)
        self.fields["owner"].choices = [(str(pk), name) for pk, name in owners]


class FinishForm(forms.Form):
    done = forms.ChoiceField(
        label=_("Was it done?"), choices=[("yes", _("Yes, it was done")), ("no", _("No, it was not done"))],
        error_messages=NOT_OFFERED | {"required": _("Say whether it was done.")},
    )  # fmt: skip
    result = sentence(_("What came of it"), _("Say what came of it."))
    on = Day(_("On which day"))


class NoteForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What it is"), choices=[("wish", _("The child’s own wish")), ("strength", _("What helps"))],
        error_messages=NOT_OFFERED,
    )  # fmt: skip
    words = sentence(_("In the child’s words, or in yours"), _("Write it down."))
    on_slip = forms.BooleanField(label=_("The child agrees that the caregiver reads it"), required=False)


class CloseForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why the plan ends"), choices=Plan.Reason.choices,
        error_messages=NOT_OFFERED | {"required": _("Say why the plan ends.")},
    )  # fmt: skip
    words = sentence(_("In your own words"))
    recheck_on = Day(_("When somebody looks again"))


class LineForm(forms.Form):
    words_en = sentence(_("What is done, in English"), _("Write it in English."))
    words_fr = sentence(_("What is done, in French"), _("Write it in French."))
    slip_en = sentence(_("The same for the caregiver, in English"))
    slip_fr = sentence(_("The same for the caregiver, in French"))
    domains = forms.MultipleChoiceField(
        label=_("Where it is suggested"), widget=forms.CheckboxSelectMultiple,
        error_messages=NOT_OFFERED | {"required": _("Choose at least one domain.")},
    )  # fmt: skip
    role = forms.ChoiceField(label=_("Who usually does it"), choices=Role.choices, error_messages=NOT_OFFERED)
    suggest = forms.RegexField(
        label=_("Codes by which a pack asks for it"), regex=r"^[a-z0-9_ ]*$", required=False, max_length=200,
        error_messages={"invalid": _("Write the codes in small letters with blanks between them.")},
    )  # fmt: skip
    withdrawn = forms.BooleanField(label=_("No longer suggest it"), required=False)

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)
        self.fields["domains"].choices = [(look.name, look.words) for look in DOMAINS]
