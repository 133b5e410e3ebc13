"""Who sees which referrals and contacts: the child within reach, and with more care where it is about safety.

Whoever works with the child sees that help is on its way, and where it stands. A referral about safety and care is
seen by those who may read what was said about it, by its owner, and by the coordinator, who must see each one.
Words somebody typed are read like restricted answers of that domain; what stands on a slip like ordinary ones.
"""

from django.db.models import Q

from khula.server.consent.access import ChildPlace, Reader, Sensitivity, can, reach

#: Domains in which not even the line "was referred" is for everybody who works with the child.
CAREFUL = frozenset({"protection"})


def visible(reader: Reader, action: str = "see referrals") -> Q:
    """A condition on rows with `child`, `domain` and, of referrals, `owner` (of contacts, `by`)."""
    mine = "by" if action == "see contacts" else "owner"
    everybody = _near(reader, action)
    careful = Reader(reader.user_id, tuple(post for post in reader.posts if _sees_all(Reader(0, (post,)))))
    return everybody & (~Q(domain__in=CAREFUL) | _near(careful, action) | Q(**{mine: reader.user_id}))


def can_see(reader: Reader, child: ChildPlace, domain: str, person_id: int | None, action: str) -> bool:
    """The same rule for one row; `person_id` is its owner, or who delivered."""
    posts = [post for post in reader.posts if can(Reader(reader.user_id, (post,)), action, child=child)]
    if domain not in CAREFUL or (posts and person_id == reader.user_id):
        return bool(posts)
    return any(_sees_all(Reader(0, (post,))) for post in posts)


def can_read_words(reader: Reader, child: ChildPlace, domain: str, author_id: int | None) -> bool:
    """What somebody noted about it: restricted, and one's own words always."""
    if author_id is not None and author_id == reader.user_id:
        return True
    return _reads(reader, child, domain, Sensitivity.RESTRICTED)


def can_read_asked(reader: Reader, child: ChildPlace, domain: str, owner_id: int | None) -> bool:
    """What the provider is asked, as on the slip."""
    return owner_id == reader.user_id or _reads(reader, child, domain, Sensitivity.ORDINARY)


def _reads(reader: Reader, child: ChildPlace, domain: str, up_to: Sensitivity) -> bool:
    return bool(can(reader, "see answers", child=child, domain=domain, voice="caregiver", sensitivity=up_to))


def _sees_all(reader: Reader) -> bool:
    """May this one post see referrals about safety? By its answers of that domain, or to oversee them."""
    post = reader.posts[0]
    place = _Place(post.school_id, post.class_id)
    return bool(can(reader, "oversee referrals")) or all(
        _reads(reader, place, domain, Sensitivity.ORDINARY) for domain in CAREFUL
    )


class _Place:
    """Somewhere the post certainly reaches."""

    def __init__(self, school_id: int | None, class_id: int | None) -> None:
        self.school_id, self.school_class_id = school_id, class_id


def _near(reader: Reader, action: str) -> Q:
    far = reach(reader, action)
    if far.everywhere:
        return ~Q(pk__in=())  # an empty Q() would vanish beside an "or"
    return Q(child__school_id__in=far.schools) | Q(child__school_class_id__in=far.classes)
