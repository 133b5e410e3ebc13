"""What a person types about themselves: sign-in, language, a new password."""

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from khula.server.people.models import User

FEWEST_DIFFERENT = 5


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("User name"), max_length=60, error_messages={"required": _("Type your user name.")}
    )
    password = forms.CharField(
        label=_("Password"), max_length=200, strip=False, error_messages={"required": _("Type your password.")}
    )


class LanguageForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        error_messages={"required": _("Choose a language."), "invalid_choice": _("Choose a language from the list.")},
    )


class PasswordForm(forms.Form):
    now = forms.CharField(
        label=_("Password now"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Type the password you have now.")},
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Type a new password.")},
    )

    def __init__(self, *given: object, user: User, **named: object) -> None:
        super().__init__(*given, **named)
        self.user = user

    def clean_now(self) -> str:
        if not self.user.check_password(self.cleaned_data["now"]):
            raise forms.ValidationError(_("This is not your password. Type the one you signed in with."))
        return self.cleaned_data["now"]

    def clean_new(self) -> str:
        new = self.cleaned_data["new"]
        if len(set(new.strip())) < FEWEST_DIFFERENT:
            raise forms.ValidationError(_("Use more different letters. A few words are easy to remember."))
        validate_password(new, self.user)
        return new
