"""`khula user …`: people who sign in, their passwords, their posts, and the devices they carry."""

import sys

import click

from khula.cli.installation import new_password, ready
from khula.server.people.roles import Role


@click.group()
def user() -> None:
    """Add people, devices and roles."""
    ready()


@user.command()
@click.argument("username")
@click.option("--name", required=True, help="Full name, as others see it.")
@click.option("--role", type=click.Choice(Role.values), help="The post this person takes up.")
@click.option("--school", "emis", help="Number (EMIS) of the school of the post; without it, all schools.")
@click.option("--class", "class_name", help="Name of the class of the post, such as 1B.")
@click.option("--year", type=int, help="Year of the class; without it, the latest.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--ask", is_flag=True, help="Ask for a password instead of making one.")
def add(
    username: str, name: str, role: str | None, emis: str | None, class_name: str | None, year: int | None,
    language: str, ask: bool,
) -> None:  # fmt: skip
    """Add a person; prints a password that is shown only now."""
    from django.db import transaction

    from khula.server.people.models import User
    from khula.server.schools.actions import appoint

    if User.objects.filter(username__iexact=username).exists():
        raise click.ClickException(f"There is a person {username} already. Use another name, or khula user password.")
    school, school_class = _place(emis, class_name, year)
    password = _asked() if ask else new_password()
    with transaction.atomic():
        person = User.objects.create_user(username, name, password, language)
        if role:
            appoint(user_id=person.pk, role=role, school=school, school_class=school_class)
    click.echo(f"{person.username} can sign in." if ask else f"{person.username} can sign in with: {password}")


@user.command()
@click.argument("username")
@click.option("--ask", is_flag=True, help="Ask for a password instead of making one.")
def password(username: str, ask: bool) -> None:
    """Give a person a new password."""
    person = _person(username)
    new = _asked() if ask else new_password()
    person.set_password(new)
    person.save(update_fields=["password"])
    click.echo(f"{person.username} has a new password." if ask else f"{person.username} can sign in with: {new}")


@user.command()
@click.argument("username")
@click.option("--label", required=True, help="What the device is called, such as 'Tablet 7'.")
@click.option("--address", default="http://127.0.0.1:8000", show_default=True, help="Where the server is reached.")
@click.option("--app", is_flag=True, help="Print the address that opens the field app, not the one for ODK Collect.")
def device(username: str, label: str, address: str, app: bool) -> None:
    """Give a person a device; prints its address, which is its password, only now."""
    from khula.server.collection.actions import make_device

    _, token = make_device(user=_person(username), label=label)
    click.echo(f"{address.rstrip('/')}/field/#k={token}" if app else f"{address.rstrip('/')}/v1/key/{token}")


def _person(username: str):
    from khula.server.people.models import User

    person = User.objects.filter(username__iexact=username).first()
    if person is None:
        raise click.ClickException(f"There is no person {username}. See the names with: khula user list")
    return person


@user.command("list")
def list_() -> None:
    """Everybody who can sign in, and their posts."""
    from khula.server.people.models import User
    from khula.server.schools.models import Post

    posts: dict[int, list[str]] = {}
    for post in Post.objects.filter(until=None).select_related("school", "school_class"):
        where = " ".join(str(place) for place in (post.school or "all schools", post.school_class or "") if str(place))
        posts.setdefault(post.user_id, []).append(f"{post.role} ({where})")
    for person in User.objects.filter(is_active=True).order_by("username"):
        click.echo(f"{person.username:24} {person.full_name:28} {'; '.join(posts.get(person.pk, ['no post']))}")


def _place(emis: str | None, class_name: str | None, year: int | None):
    from khula.server.schools.models import School, SchoolClass

    if emis is None:
        if class_name:
            raise click.ClickException("Name the school of the class too, with --school NUMBER.")
        return None, None
    school = School.objects.filter(emis_number=emis).first()
    if school is None:
        raise click.ClickException(f"There is no school with the number {emis}. Correct the number.")
    if class_name is None:
        return school, None
    classes = SchoolClass.objects.filter(school=school, name__iexact=class_name).order_by("-year")
    found = (classes.filter(year=year) if year else classes).first()
    if found is None:
        raise click.ClickException(f"{school.name} has no class {class_name}. Correct the name or the year.")
    return school, found


def _asked() -> str:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    new = click.prompt("Password", hide_input=True, confirmation_prompt=sys.stdin.isatty())
    try:
        validate_password(new)
    except ValidationError as problem:
        raise click.ClickException(" ".join(problem.messages)) from None
    return str(new)
