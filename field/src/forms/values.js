// Values as JavaRosa has them (text, number, true/false, date; "" is no value) in; other kinds of them, and text, out.

/** @typedef {import("./types").Value} Value */
/** @typedef {import("./types").Kept} Kept */

export const DAY = 864e5;

/** @param {number} n @param {number} [digits] */
const pad = (n, digits = 2) => String(n).padStart(digits, "0");

/** @param {Date} d */
export const dateText = (d) => `${pad(d.getFullYear(), 4)}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;

/** @param {Date} d */
export function timeText(d) {
  const off = -d.getTimezoneOffset();
  const zone = off ? (off < 0 ? "-" : "+") + pad(Math.trunc(Math.abs(off) / 60)) + ":" + pad(Math.abs(off) % 60) : "Z";
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}.${pad(d.getMilliseconds(), 3)}${zone}`;
}

/** @param {Date} d */
export const momentText = (d) => dateText(d) + "T" + timeText(d);

/** @param {Date} d */
export const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate());

/** Whole days from 1970-01-01, of the day it is here. @param {Date} d */
const days = (d) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / DAY;

/** "2017-03-04", with or without a time; null when there is no such day. @param {string} s */
export function readMoment(s) {
  const [day, time] = s.split("T");
  const m = /^\s*(\d{1,4})-(\d{1,2})-(\d{1,2})\s*$/.exec(day);
  if (!m) return null;
  const d = new Date(+m[1], +m[2] - 1, +m[3]);
  if (d.getMonth() !== +m[2] - 1) return null;
  return time == null ? d : readTime(time, d);
}

/** @param {string} s @param {Date} day */
export function readTime(s, day) {
  const m = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?(?:Z|([-+])(\d{2}):?(\d{2})?)?$/.exec(s.trim());
  if (!m || +m[1] > 23 || +m[2] > 59) return null;
  const d = new Date(day);
  d.setHours(+m[1], +m[2], +(m[3] || 0), +(m[4] || "0").padEnd(3, "0"));
  if (!/[Z+-]/.test(s)) return d;
  const off = (m[5] === "-" ? -1 : 1) * (+(m[6] || 0) * 60 + +(m[7] || 0));
  return new Date(+d - (d.getTimezoneOffset() + off) * 6e4);
}

/** A double as Java writes it: 4200.0, 1.0E7, 1.0E-4. @param {number} n */
export function javaText(n) {
  if (!isFinite(n)) return String(n);
  const size = Math.abs(n);
  if (!size || (size >= 1e-3 && size < 1e7)) return Number.isInteger(n) ? n + ".0" : String(n);
  const [digits, power] = n.toExponential().split("e");
  return `${digits.includes(".") ? digits : digits + ".0"}E${+power}`;
}

/** @param {Value} v @returns {string} */
export function str(v) {
  if (typeof v === "string") return v;
  if (typeof v !== "number") return v instanceof Date ? dateText(v) : String(v);
  if (Math.abs(v) < 1e-12) return "0";
  const whole = Math.trunc(v);
  return Math.abs(v - whole) < 1e-12 && Math.abs(v) < 2147483648 ? String(whole) : javaText(v);
}

/** @param {Value} v @returns {number} */
export function num(v) {
  if (typeof v === "number") return v;
  if (typeof v === "string") {
    const s = v.replace(/,/g, ".").trim();
    return /^[-.\d]+$/.test(s) ? Number(s) : NaN;
  }
  return v instanceof Date ? days(v) : +v;
}

/** @param {Value} v */
export const bool = (v) => (typeof v === "number" ? Math.abs(v) > 1e-12 : v instanceof Date || !!v);

/** @param {Value} a @param {Value} b */
export function equal(a, b) {
  if (typeof a === "boolean" || typeof b === "boolean") return bool(a) === bool(b);
  if (typeof a === "number" || typeof b === "number") return Math.abs(num(a) - num(b)) < 1e-12;
  return str(a) === str(b);
}

/** What a node of a type keeps of a result. @param {Value} v @param {string} [type] @returns {Kept} */
export function wrap(v, type) {
  if (v === "" || v !== v) return { v: "", x: "" };
  if (typeof v === "boolean" || type === "boolean") return { v: bool(v), x: bool(v) ? "1" : "0" };
  if (typeof v === "number") {
    const whole = Math.trunc(v);
    return type === "int" || Math.abs(v - whole) < 1e-9 ? { v: whole, x: String(whole || 0) } : { v, x: javaText(v) };
  }
  if (typeof v === "string") return { v, x: v };
  if (type === "date") return { v: midnight(v), x: dateText(v) };
  return { v, x: type === "time" ? timeText(v) : momentText(v) };
}

/** What a node of a type keeps of a text: an answer, a default, a draft. @param {string} x @param {string | undefined} type @param {Date} now @returns {Kept} */
export function read(x, type, now) {
  const s = x.trim();
  if (!type || !s) return { v: s && x, x: s && x };
  const number = type === "int" ? /^[-+]?\d{1,10}$/ : type === "decimal" ? /^[-+]?(\d+[.,]?\d*|[.,]\d+)(E-?\d+)?$/ : 0;
  if (number) {
    const v = Number(s.replace(",", "."));
    const fits = number.test(s) && (type !== "int" || (v < 2147483648 && v >= -2147483648));
    return fits ? { v, x: type === "int" ? String(v) : javaText(v) } : { v: "", x, bad: "number" };
  }
  if (type === "boolean") return wrap(s === "1" || s === "true", type);
  const d = type === "time" ? readTime(s, now) : readMoment(s);
  return d ? wrap(d, type) : { v: "", x, bad: "date" };
}
