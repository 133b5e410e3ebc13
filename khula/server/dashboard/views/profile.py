"""The profile page: the person's posts, the language of their pages, a new password."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from khula.server.consent.needs import needs
from khula.server.people import actions
from khula.server.people.declared import SIGNED_IN
from khula.server.people.forms import LanguageForm, PasswordForm
from khula.server.schools.models import Post
from khula.server.schools.queries import posts_of


@needs(SIGNED_IN)
def profile(request: HttpRequest) -> HttpResponse:
    user = request.user
    language = LanguageForm(initial={"language": user.language})
    password = PasswordForm(user=user)
    if request.method == "POST" and "language" in request.POST:
        language = LanguageForm(request.POST)
        if language.is_valid():
            actions.choose_language(user=user, language=language.cleaned_data["language"], by=user)
            return redirect("/profile?saved=language")
    elif request.method == "POST":
        password = PasswordForm(request.POST, user=user)
        if password.is_valid():
            actions.change_password(request, user=user, password=password.cleaned_data["new"], by=user)
            return redirect("/profile?saved=password")
    wrong = bool(language.errors or password.errors)
    page = {
        "language_form": language,
        "password_form": password,
        "saved": request.GET.get("saved", ""),
        "posts": [(post.get_role_display(), _where(post)) for post in posts_of(user.pk, on=timezone.localdate())],
    }
    return render(request, "dashboard/profile.html", page, status=422 if wrong else 200)


def _where(post: Post) -> str:
    if post.school is None:
        return _("All schools")
    if post.school_class is None:
        return post.school.name
    return _("%(school)s, class %(name)s") % {"school": post.school.name, "name": post.school_class.name}
