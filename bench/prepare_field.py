"""An installation in; the same with the bench's long form on offer, beside the pack's.

Run inside an installation's surroundings, after tests.clients.prepare.
"""

import hashlib
import sys
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    django.setup()
    from bench.large_form import workbook
    from khula.analysis.packs.forms import compile_form
    from khula.server.packs.models import Form, FormMedia, PackVersion

    made = compile_form(workbook(160))
    form = Form.objects.create(
        pack_version=PackVersion.objects.get(), form_id=made.form_id, version=made.version, informant="register",
        title=made.title, xml=made.xml, md5=hashlib.md5(made.xml).hexdigest(),
    )  # fmt: skip
    FormMedia.objects.create(form=form, filename="learners.csv", kind=FormMedia.Kind.ENTITY_LIST)


if __name__ == "__main__":
    main()
