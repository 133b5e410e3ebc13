"""A record about a child that is no voice: it stays with the child; it is counted nowhere and no level rests on it.

Which forms these are the pack says, in the column `informant` (`BESIDE`). What is made of them (a service, a
follow-up) is the business of later steps, which follow `submission.received` too.
"""

from khula.server.collection import actions as collection
from khula.server.collection.queries import Received
from khula.server.schools.models import Child


def take_in_beside(got: Received) -> None:
    """It has its place once its child is known; until then it waits as any other record does."""
    if not got.child_id:
        collection.quarantine(got.id, "no_child")
    elif not Child.objects.filter(pk=got.child_id).exists():
        collection.quarantine(got.id, "unknown_child")
    else:
        collection.in_case(got.id)
