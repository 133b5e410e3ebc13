// A form's text in, a typed answer out, null where there is none to use; as answers.py.
/** @import * as T from "./types.js" */

const NO_ANSWER = ["dk", "refused", "na"];
/** The blanks Python knows. */
const BLANKS = "(?:(?!\\ufeff)[\\s\\x1c-\\x1f\\x85])+";

/** Since 1970-01-01. @type {T.Days} */
export function days(text) {
  const [, day] = /^(\d{4}-\d\d-\d\d)([T ][^]*)?$/.exec(text) ?? [];
  const at = day > "0001" ? Date.parse(day) : NaN;
  return at === at && new Date(at).toISOString().startsWith(day) ? at / 864e5 : null;
}

/** @type {T.Shaped} */
const number = (text, shape) => (shape.test(text) && Math.abs(+text) < 1e9 ? +text : null);

/** @type {T.Read} */
export function read([, kind, codes], raw) {
  const text = raw.replace(RegExp(`^${BLANKS}|${BLANKS}$`, "g"), "");
  if (!text || NO_ANSWER.includes(text)) return null;
  if (kind == "c") {
    const chosen = text.split(RegExp(BLANKS)).filter((code) => !NO_ANSWER.includes(code));
    return chosen[0] && chosen.every((code) => codes?.includes(code) ?? true) ? chosen.join(" ") : null;
  }
  if (codes) {
    const code = codes.includes(text) ? text : text.replace(/^(-?\d+)\.0+$/, "$1");
    return !codes.includes(code) ? null : kind == "w" ? +code : code;
  }
  if (kind == "D") return days(text);
  if (kind == "d") return number(text, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i);
  return kind == "w" ? number(text, /^[+-]?\d{1,9}(\.0*)?$/) : text;
}
