// A device plan and typed inputs in, its outputs out.
/** @import * as T from "./types.js" */
import { growthScore } from "./growth.js";

/** What JSON cannot say. @type {T.Lifted} */
const lifted = (constant) =>
  constant?.rows ? new Map(constant.rows.map((/** @type {T.Row} */ [key, value]) => [key, lifted(value)]))
  : Array.isArray(constant) ? (/y/.test(constant[0]) ? +constant[0] : BigInt(constant[0]))
  : constant;

/** Three-valued. @type {T.Logic} */
const logic = (decides) => (...values) => values.includes(decides) ? decides : values.includes(null) ? null : !decides;

/** @type {T.Known} */
const known = (values) => values.filter((value) => value !== null);

/** In the order of OPERATORS in device_meaning.py. @type {T.Operator[]} */
const OPERATORS = [
  // two arguments; missing when one is
  (a, b) => a + b,
  (a, b) => a - b,
  (a, b) => a * b,
  (a, b) => {
    // rounded down, BigInts too
    if (b == 0) return null;
    const rest = a % b;
    const quotient = (a - rest) / b;
    return rest != 0 && rest < 0 != b < 0 ? quotient - b / b : quotient;
  },
  (a, b) => (b == 0 ? null : a % b),
  (a, b) => (b == 0 ? null : a / b),
  (a, b) => a == b,
  (a, b) => a < b,
  (a, b) => a >= b,
  (codes, code) => codes.split(" ").includes(code),
  (key, table) => table.get(Number(key)) ?? null,
  // one argument; missing when it is
  (a) => Number(a) + 0, // a whole number has no -0
  (a) => (a ? 1 : 0),
  Math.floor,
  (a) => !a,
  (a) => (isFinite(a) ? a : null),
  BigInt,
  // any number of arguments, written before them
  logic(false),
  logic(true),
  (...values) => known(values)[0] ?? null,
  (...values) => known(values).reduce((a, b) => (a ? a + b : b), 0),
  (...values) => known(values).length,
  // one, three and five
  (a) => a === null,
  (condition, a, b) => (condition ? a : b),
  growthScore,
];

/** @type {T.OutputsOf} */
export function outputsOf({ constants, terms, bound }, inputs) {
  const slots = [...inputs, ...constants.map(lifted)];
  const first = slots.length + bound;
  let at = 0;
  /** @type {() => T.Value} */
  const next = () => {
    const code = terms[at++];
    if (code >= 0) return slots[code];
    const operator = -1 - code;
    const count = operator < 11 ? 2 : operator < 17 ? 1 : operator < 22 ? terms[at++] : [1, 3, 5][operator - 22];
    const args = Array.from(Array(count), next);
    return operator < 17 && args.includes(null) ? null : OPERATORS[operator](...args);
  };
  while (at < terms.length) slots.push(next());
  return slots.slice(first);
}
