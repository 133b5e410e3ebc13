"""Marks every page uses: the style sheet with its version, a picture, a level as symbol and word, a form's field."""

from django import template
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from khula.server.dashboard.static_files import versioned
from khula.server.dashboard.status import DOMAINS, VOICES, Status, Words, status_of

register = template.Library()


@register.simple_tag
def sheet(name: str = "khula.css") -> str:
    return f"/static/{versioned(name[:])}"  # a path wants plain text, not a marked one


@register.simple_tag
def picture(name: str) -> SafeString:
    known = name == "khula" or any(look.name == name for look in DOMAINS)
    address = f"/static/{versioned('pictures.svg')}"
    return format_html("<svg aria-hidden=true><use href={}#{} /></svg>", mark_safe(address), name) if known else ""  # noqa: S308


@register.simple_tag
def level(which: str | Status | None) -> SafeString:
    """A level as a tag: symbol and word, never the colour alone."""
    status = which if isinstance(which, Status) else status_of(which)
    return format_html('<b class="tag {}">{} {}</b>', status.mark, status.symbol, status.words)


@register.filter
def voice(informant: str) -> Words:
    """Whose form it is, in words."""
    return VOICES.get(informant) or (_("Registration") if informant == "register" else informant)


@register.inclusion_tag("field.html")
def field(bound: BoundField, kind: str = "text", complete: str = "off", hint: str = "") -> dict[str, object]:
    """One question of a form: label, hint, what is wrong, the box."""
    return {"field": bound, "kind": kind, "complete": complete, "hint": hint}


@register.inclusion_tag("wrong.html")
def wrong(*forms: object) -> dict[str, object]:
    """What is wrong with the forms of this page, each with a link to the place."""
    problems = [(bound.id_for_label, error) for form in forms for bound in form for error in bound.errors]
    general = [error for form in forms for error in form.non_field_errors()]
    return {"problems": problems, "general": general}
