"""The web application a server process runs: requests in, responses out.

A knock of a device goes straight to the door, or to the field app's own; the field app's program is served as it is;
everything else goes through Django's middleware to the pages.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khula.server.settings")
pages = get_wsgi_application()

from khula.server.collection import door  # noqa: E402 – only after Django is set up
from khula.server.field import door as field_door  # noqa: E402
from khula.server.field import program  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if field_door.is_for(path):
        return field_door.application(environ, start_response)
    if path.startswith(door.PREFIX):
        return door.application(environ, start_response)
    if program.is_for(path):
        return program.application(environ, start_response)
    return pages(environ, start_response)
