"""XLSForms as markdown (or XForms) by name in, on standard input as JSON; their plans for the field app out, as JSON."""

import json
import sys

from pyxform.xls2xform import convert

from khula.analysis.packs.device import device_form


def xform(form: str) -> bytes:
    if form.lstrip().startswith("<"):
        return form.encode()
    return convert(xlsform=form, validate=False, pretty_print=False, file_type=".md").xform.encode()


if __name__ == "__main__":
    print(json.dumps({name: json.loads(device_form(xform(form))) for name, form in json.load(sys.stdin).items()}))
