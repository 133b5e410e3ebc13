"""The one expression language: the text of a condition comes in, a syntax tree with columns and its kind go out.

Written as in XLSForm: `${psc_total} >= 15 and not(${oedema} = 'yes')`, plus functions of our own. What a missing
answer does to each operator, and what every evaluator (one child, population, the plain one of the tests) follows:

    not(u)            unknown stays unknown
    a and b           no if either is no; otherwise unknown if either is unknown (Kleene)
    a or b            yes if either is yes; otherwise unknown if either is unknown (Kleene)
    = != < <= > >=    unknown if either side is missing
    + - * div mod     missing if either side is missing; missing when divided by nothing
    band(${s})        the band's name, or missing
    band(${s}) = 'x'  also without a score: no where no possible total has the band. Several bands of one scale in an
                      `or` are asked together: yes where every possible total has one of them (and so != in an `and`)
    missing(x)        yes or no, never unknown
    answered(x)       yes or no, never unknown
    coalesce(a, b…)   the first that is known
    if(c, a, b)       with c unknown: missing, unless a and b are known and equal
    at-least(k, c…)   yes when k are yes; no when fewer than k could be; otherwise unknown
    selected(x, 'c')  unknown if x is missing
"""

from khula.analysis.expressions.kinds import Kind, infer, is_condition, literal_as, widest
from khula.analysis.expressions.parser import MAX_DEPTH, MAX_DIGITS, MAX_LENGTH, parse
from khula.analysis.expressions.tree import (
    FUNCTIONS,
    And,
    Arithmetic,
    Call,
    Compare,
    ExpressionError,
    Minus,
    Name,
    Node,
    Not,
    Number,
    Or,
    UnknownName,
    Words,
    children,
    names_in,
    walk,
)

__all__ = [
    "FUNCTIONS",
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_LENGTH",
    "And",
    "Arithmetic",
    "Call",
    "Compare",
    "ExpressionError",
    "Kind",
    "Minus",
    "Name",
    "Node",
    "Not",
    "Number",
    "Or",
    "UnknownName",
    "Words",
    "children",
    "infer",
    "is_condition",
    "literal_as",
    "names_in",
    "parse",
    "walk",
    "widest",
]
