"""A plan comes in; a Python function that assesses one child goes out, written once as source and compiled.

The function takes typed answers by name (`answers.read_answers`) and facts about the child, and gives the flat result
of the contract. Nothing is interpreted while it runs: about 20–100 microseconds a child.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from khula.analysis.answers import Value
from khula.analysis.growth import z_from
from khula.analysis.plan import Output, Plan
from khula.analysis.plan.terms import Term

Result = dict[str, Value | bool | None]

#: Operators that are missing exactly when one of their arguments is; their arguments are tested once, together.
_STRICT: Mapping[str, str] = {
    "add": "({0} + {1})",
    "subtract": "({0} - {1})",
    "multiply": "({0} * {1})",
    "equals": "({0} == {1})",
    "less": "({0} < {1})",
    "at_least": "({0} >= {1})",
    "not": "(not {0})",
    "as_whole": "(1 if {0} else 0)",
    "as_decimal": "float({0})",
    "floor": "floor({0})",
}


def compile_for_one_child(plan: Plan, *, told: bool = False) -> Callable[[Mapping[str, object]], Result]:
    """The plan as a function: typed answers and facts by name → the flat result. Names left out are missing.

    `told` adds the columns that only the telling why needs.
    """
    printer = _Printer()
    source = printer.function(plan, (*plan.outputs, *plan.told) if told else plan.outputs)
    scope: dict[str, object] = dict(printer.given)
    # The source is ours: every name, code and number of the pack enters it as a Python literal or from outside.
    exec(compile(source, "<plan for one child>", "exec"), scope)  # noqa: S102
    function = scope["assess"]
    assert callable(function)
    return function


def source_for_one_child(plan: Plan) -> str:
    """The Python source, to be read."""
    return _Printer().function(plan, plan.outputs)


@dataclass
class _Printer:
    """Prints terms as Python. A term that is looked at twice gets a name on its first look, by `:=`."""

    given: dict[str, object] = field(
        default_factory=lambda: {"floor": math.floor, "z_from": z_from, "remainder": _remainder}
    )
    locals: dict[str, str] = field(default_factory=dict)
    walruses: int = 0

    def function(self, plan: Plan, outputs: tuple[Output, ...]) -> str:
        lines = ["def assess(answers):", "    get = answers.get"]
        lines += [f"    {self.local(name)} = get({name!r})" for name in plan.inputs]
        for layer in plan.layers:
            lines += [f"    {self.local(binding.name)} = {self.text(binding.term)}" for binding in layer]
        lines.append("    return {")
        lines += [f"        {output.name!r}: {self.text(output.term)}," for output in outputs]
        return "\n".join([*lines, "    }", ""])

    def local(self, name: str) -> str:
        return self.locals.setdefault(name, f"v{len(self.locals)}")

    def constant(self, value: object) -> str:
        """A value kept beside the function, under a name."""
        name = f"k{len(self.given)}"
        self.given[name] = value
        return name

    def text(self, term: Term) -> str:
        """A term as one Python expression, missing as None."""
        if term.operator in _STRICT:
            return self.strict(term)
        return str(getattr(self, f"print_{term.operator}")(term))

    def twice(self, term: Term) -> tuple[str, str]:
        """How a term is written where it is first evaluated, and afterwards."""
        text = self.text(term)
        if term.operator in ("column", "constant"):
            return text, text
        self.walruses += 1
        name = f"w{self.walruses}"
        return f"({name} := {text})", name

    # -- strict operators

    def strict(self, term: Term) -> str:
        tests: dict[str, None] = {}
        raw = self.raw(term, tests)
        if not tests:
            return raw
        return f"(None if {' or '.join(f'{test} is None' for test in tests)} else {raw})"

    def raw(self, term: Term, tests: dict[str, None]) -> str:
        """The term when nothing in it is missing; what must be tested for that goes into `tests`."""
        if term.operator in _STRICT:
            return _STRICT[term.operator].format(*(self.raw(arg, tests) for arg in term.args))
        if term.known:
            return self.text(term)
        first, again = self.twice(term)
        tests[first] = None
        return again

    # -- the others

    def print_column(self, term: Term) -> str:
        return self.locals[str(term.value)]

    def print_constant(self, term: Term) -> str:
        if isinstance(term.value, float) and not math.isfinite(term.value):
            return self.constant(term.value)
        return f"({term.value!r})" if isinstance(term.value, (int, float)) and term.value < 0 else repr(term.value)

    def print_is_missing(self, term: Term) -> str:
        return f"({self.text(term.args[0])} is None)"

    def print_and(self, term: Term) -> str:
        if term.known:
            return f"({' and '.join(map(self.text, term.args))})"
        first, again = self.both_ways(term)
        no = " or ".join(f"{text} is False" for text in first)
        return f"(False if {no} else None if {_any_missing(again)} else True)"

    def print_or(self, term: Term) -> str:
        if term.known:
            return f"({' or '.join(map(self.text, term.args))})"
        first, again = self.both_ways(term)
        return f"(True if {' or '.join(first)} else None if {_any_missing(again)} else False)"

    def both_ways(self, term: Term) -> tuple[list[str], list[str]]:
        """Every argument as first written, and those that may be missing as written afterwards."""
        first, again = [], []
        for arg in term.args:
            if arg.known:
                first.append(self.text(arg))
            else:
                once, later = self.twice(arg)
                first.append(once)
                again.append(later)
        return first, again

    def print_choose(self, term: Term) -> str:
        """A chain of choices is written as one: Python's parser does not like deep parentheses."""
        parts = []
        while term.operator == "choose":
            condition, value, otherwise = term.args
            parts.append(f"{self.text(value)} if {self.text(condition)} else ")
            term = otherwise
        return f"({''.join(parts)}{self.text(term)})"

    def print_first_known(self, term: Term) -> str:
        parts = []
        for arg in term.args[:-1]:
            first, again = self.twice(arg)
            parts.append(f"{again} if {first} is not None else ")
        return f"({''.join(parts)}{self.text(term.args[-1])})"

    def print_sum_known(self, term: Term) -> str:
        texts = (self.text(arg) if arg.known else f"({self.text(arg)} or 0)" for arg in term.args)
        return f"({' + '.join(texts)})"

    def print_count_known(self, term: Term) -> str:
        texts = ", ".join(map(self.text, term.args))
        return f"({len(term.args)} - ({texts},).count(None))"

    def print_divide(self, term: Term) -> str:
        return self.guarded(term, "{} / {}")

    def print_floor_divide(self, term: Term) -> str:
        return self.guarded(term, "{} // {}")

    def print_remainder(self, term: Term) -> str:
        return self.guarded(term, "remainder({}, {})")

    def guarded(self, term: Term, form: str) -> str:
        (first, a), (second, b) = self.twice(term.args[0]), self.twice(term.args[1])
        tests = [f"{text} is None" for text, arg in ((first, term.args[0]), (second, term.args[1])) if not arg.known]
        a = first if term.args[0].known else a
        divisor = term.args[1]
        if not _never_zero(divisor):
            tests.append(f"{second if divisor.known else b} == 0")
        elif divisor.known:
            b = second
        return f"(None if {' or '.join(tests)} else {form.format(a, b)})" if tests else f"({form.format(a, b)})"

    def print_has_code(self, term: Term) -> str:
        first, again = self.twice(term.args[0])
        return f"(None if {first} is None else {term.value!r} in {again}.split())"

    def print_lookup(self, term: Term) -> str:
        assert isinstance(term.value, tuple)
        return f"{self.constant(dict(term.value).get)}({self.text(term.args[0])})"

    def print_named(self, term: Term) -> str:
        assert isinstance(term.value, tuple)
        return f"{self.constant(dict(enumerate(term.value)).get)}({self.text(term.args[0])})"

    def print_finite(self, term: Term) -> str:
        first, again = self.twice(term.args[0])
        limit = self.constant(math.inf)
        return f"({again} if {first} is not None and -{limit} < {again} < {limit} else None)"

    def print_growth(self, term: Term) -> str:
        reference = self.constant(term.value)
        return f"z_from({reference}, {', '.join(map(self.text, term.args))})"


def _remainder(a: int, b: int) -> int:
    """XPath's mod: the sign of what is divided."""
    size = abs(a) % abs(b)
    return -size if a < 0 else size


def _never_zero(term: Term) -> bool:
    if term.operator == "constant":
        return term.value != 0
    return term.sort.name == "whole" and (term.sort.low > 0 or term.sort.high < 0)


def _any_missing(texts: list[str]) -> str:
    return " or ".join(f"{text} is None" for text in texts)
