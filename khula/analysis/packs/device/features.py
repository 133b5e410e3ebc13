"""What forms may hold, in declarations: what the field app's evaluator does, and what publishing refuses by name.

The compiler asks here, and docs/form-features.md is written from here.
"""

from __future__ import annotations

from collections.abc import Mapping

from khula.analysis.packs import xpath

#: Functions of ODK's XPath that the evaluator has (field/src/forms/functions.js has the same names).
FUNCTIONS = frozenset((
    "if", "coalesce", "once", "true", "false", "boolean", "number", "int", "round", "string", "date",
    "date-time", "decimal-date-time", "decimal-time", "not", "boolean-from-string", "format-date",
    "format-date-time", "abs", "acos", "asin", "atan", "atan2", "cos", "exp", "exp10", "log", "log10", "pi",
    "sin", "sqrt", "tan", "pow", "selected", "is-selected", "count-selected", "selected-at", "position",
    "count", "count-non-empty", "sum", "max", "min", "today", "now", "concat", "join", "substr",
    "substring-before", "substring-after", "translate", "contains", "starts-with", "ends-with", "string-length",
    "normalize-space", "regex", "random", "uuid", "version", "property", "current", "instance",
    "indexed-repeat", "pulldata", "jr:choice-name", "jr:itext", "randomize",
))  # fmt: skip

#: Those of JavaRosa that it has not.
FUNCTIONS_REFUSED = frozenset(xpath.FUNCTIONS) - FUNCTIONS

#: bind type → what the evaluator takes it for
TYPES: Mapping[str, str] = {
    "string": "", "barcode": "", "binary": "", "geopoint": "", "select1": "", "select": "", "rank": "", "odk:rank": "",
    "int": "int", "decimal": "decimal", "date": "date", "time": "time", "dateTime": "dateTime", "boolean": "boolean",
}  # fmt: skip

#: Parts of an appearance that would change what is asked, so that ignoring them would be wrong.
APPEARANCES_REFUSED = ("search(", "ex:", "draw", "signature", "annotate", "printer:")

#: jr:preload and its parameter → whether it is filled; the others are left empty, as on a device that knows no better
PRELOADS = frozenset(
    {"timestamp start", "timestamp end", "date today", "property deviceid", "property username", "uid "}
)

#: escapes of format-date and format-date-time
DATE_ESCAPES = "YymnbdeHhMS3a%"

EVENTS = ("odk-instance-first-load", "xforms-value-changed", "odk-new-repeat", "odk-instance-load")

#: XLSForm feature → (yes or refused, what to know)
MATRIX: tuple[tuple[str, bool, str], ...] = (
    ("text, integer, decimal, date, time, dateTime", True, ""),
    ("select_one, select_multiple, rank; choices from a sheet", True, ""),
    ("select_one_from_file, select_multiple_from_file (CSV)", True, "10,000 rows: found by index"),
    ("choices from XML or GeoJSON files", False, "use a CSV file"),
    ("choices from a repeat", True, ""),
    ("choice_filter, also through several levels", True, "an answer no longer offered is cleared at once"),
    ("randomize, with and without seed", True, ""),
    ("or_other", True, ""),
    ("search() appearance", False, "use select_one_from_file"),
    ("note, acknowledge, range, hidden, calculate", True, ""),
    ("image, audio, file, barcode, geopoint", True, "an image is a photo"),
    ("drawing, signature, annotated image", False, ""),
    ("video", True, "taken as a file"),
    ("geotrace, geoshape", False, ""),
    ("background-audio, start-geopoint", False, ""),
    ("external apps (ex:, intent)", False, ""),
    ("relevant, constraint, required, read_only, calculation", True, "required and read_only may be expressions"),
    ("default, dynamic default", True, ""),
    ("trigger (calculation when another answer changes)", True, ""),
    ("last-saved", True, "outside repeats"),
    ("begin_group, field-list", True, ""),
    ("begin_repeat, repeat_count, nested repeats", True, "a count that falls takes nobody out, as in Collect"),
    ("a repeat in a field-list", True, "its questions stand on the page; one more is asked for after it"),
    ("several languages, switched at any time", True, ""),
    ("label, hint, guidance_hint with ${answers}", True, ""),
    ("media::image, media::audio of questions and choices", True, ""),
    ("media::video", False, ""),
    ("start, end, today, deviceid, username", True, ""),
    ("email, phonenumber, simserial, subscriberid", True, "left empty"),
    ("audit", True, "time per question, no place"),
    ("entities: create, update, upsert", True, "one list, outside repeats"),
    ("entities in repeats or several lists", False, ""),
    ("instance() with conditions, pulldata()", True, ""),
    ("encryption (public_key)", False, "refused by PACK_630"),
    ("expressions that depend on each other in a circle", False, "refused by Collect too"),
    ("a condition [1] that is only a number", False, "write [position() = 1]"),
)
