// An expression of a plan and where it is asked in; its value as JavaRosa gives it, or the nodes or rows it means, out.

import { DAY, bool, equal, midnight, num, readMoment, str } from "./values.js";

/** @typedef {import("./types").Value} Value */
/** @typedef {import("./types").Runs} Runs */
/** @typedef {import("./types").Here} Here */

/** @param {Runs} e @param {Here} c @returns {Value} */
export const value = (e, c) => (typeof e === "object" ? F[e[0]](e, c) : e);

/** @param {Runs} e @param {Here} c */
export const holds = (e, c) => bool(value(e, c));

/** The nodes that a path means, relevant ones only. @param {Runs} e @param {Here} c @returns {import("./types").Inst[]} */
export function nodesOf(e, c) {
  const from = e[0] === "^" ? c.o : c.n;
  const found = !e[2]
    ? c.f.find(from, e[1])
    : c.f.find(
        from,
        e[1],
        (n, i) => e[2].every((/** @type {any} */ [d, one]) => n.d !== d || value(one, { ...c, n, i: n.pos || i }) === true),
        e[2][0][0],
      );
  return found.filter(c.f.isOn);
}

/** Rows of a list that meet its conditions, in their order. @param {Runs} e @param {Here} c @returns {import("./types").Cells[]} */
export function rowsOf(e, c) {
  if (e[0] === "randomize") return shuffled(rowsOf(e[1], c), seedOf(e, c));
  const list = c.f.list(e[1]);
  let rows = list.rows;
  /** @type {Here} */
  const row = { f: c.f, n: c.f.root, o: c.o, l: rows };
  (e[3] || []).forEach((/** @type {Runs[]} */ all, /** @type {number} */ nth) => {
    const quick = nth ? null : all.find((one) => one[0] === "==");
    const from = quick ? list.by(quick[1], str(value(quick[2], row))) : rows;
    rows = from.filter((r, i) => {
      row.r = r;
      row.i = nth && i + 1;
      return all.every((one) => one === quick || met(one, row));
    });
  });
  return rows;
}

/** @param {Runs} one @param {Here} row */
export const met = (one, row) =>
  one[0] === "==" ? equal(cell(row, one[1]), value(one[2], row)) : value(one, row) === true;

/** @param {Here} c @param {string} column */
const cell = (c, column) => (c.r && c.r[column]) || "";

/** The values of a path; null when it is none. @param {Runs} e @param {Here} c @returns {Value[] | null} */
function many(e, c) {
  if (typeof e !== "object") return null;
  if (e[0] === "#") return rowsOf(e, c).map((r) => r[e[2]] || "");
  return e[0] === "@" || e[0] === "^" ? nodesOf(e, c).map((n) => n.v) : null;
}

/** @param {Runs} e @param {Here} c @param {number} [from] @returns {Value[]} */
function all(e, c, from = 1) {
  const set = e.length === from + 1 && many(e[from], c);
  return set || e.slice(from).map((/** @type {Runs} */ one) => value(one, c));
}

/** Without a seed of the form, one for as long as the form is open. @param {Runs} e @param {Here} c */
export const seedOf = (e, c) =>
  e[2] === undefined ? (c.o.seed ||= Math.ceil(Math.random() * 2147483646)) : Math.trunc(num(value(e[2], c))) || 0;

/** JavaRosa's order: Park and Miller's numbers, Fisher and Yates' exchange. @template T @param {T[]} rows @param {number} seed */
export function shuffled(rows, seed) {
  let at = seed % 2147483647;
  if (at <= 0) at += 2147483646;
  /** @type {T[]} */
  const mixed = [];
  rows.forEach((row, i) => {
    at = (at * 16807) % 2147483647;
    const j = Math.floor(((at - 1) / 2147483646) * (i + 1));
    mixed[i] = mixed[j];
    mixed[j] = row;
  });
  return mixed;
}

/** @param {Value} v @param {boolean} time whether to keep the time of a number or date */
function toDate(v, time) {
  if (typeof v === "number") return v !== v ? v : time ? new Date(v * DAY) : new Date(1970, 0, 1 + Math.trunc(v));
  if (v instanceof Date) return time ? v : midnight(v);
  return readMoment(str(v)) || "";
}

/** @param {Value} v */
function decimalDays(v) {
  const d = typeof v === "number" ? v : toDate(v, true);
  return d instanceof Date ? +d / DAY : d;
}

/** @param {number} n @param {number} places */
function round(n, places) {
  if (!isFinite(n)) return n;
  if (places < 0) return Math.trunc(n * 10 ** places + 0.5) * 10 ** -places;
  const text = String(n);
  if (text.includes("e")) return Math.round(n * 10 ** places) / 10 ** places;
  return Number(Math.round(Number(text + "e" + places)) + "e-" + places);
}

/** Names of months and days are English in every language: they land in the data. @param {Value} v @param {string} format */
function formatDate(v, format) {
  const d = toDate(v, true);
  if (!(d instanceof Date)) return "";
  /** @type {(n: number, width?: number) => string} */
  const pad = (n, width = 2) => String(n).padStart(width, "0");
  const [day, month] = d.toDateString().split(" ");
  /** @type {Record<string, () => string | number>} */
  const parts = {
    Y: () => pad(d.getFullYear(), 4),
    y: () => pad(d.getFullYear() % 100),
    m: () => pad(d.getMonth() + 1),
    n: () => d.getMonth() + 1,
    b: () => month,
    d: () => pad(d.getDate()),
    e: () => d.getDate(),
    H: () => pad(d.getHours()),
    h: () => d.getHours(),
    M: () => pad(d.getMinutes()),
    S: () => pad(d.getSeconds()),
    3: () => pad(d.getMilliseconds(), 3),
    a: () => day,
    "%": () => "%",
  };
  return format.replace(/%(.)/g, (_, p) => String(parts[p] ? parts[p]() : ""));
}

/** @param {string} s @param {string} pattern the whole text must match, as in Java */
function matches(s, pattern) {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(`^(?:${pattern})$`, flags).test(s);
    } catch {
      // JavaScript reads some of Java's patterns only without `u`
    }
  }
  return false;
}

/** @param {Value} v */
const chosen = (v) => str(v).split(" ").filter(Boolean);

/** Strict functions: their arguments are values. @type {import("./types").Strict} */
const STRICT = {
  "=": (_, a, b) => equal(a, b),
  "!=": (_, a, b) => !equal(a, b),
  "<": (_, a, b) => num(a) < num(b),
  "<=": (_, a, b) => num(a) <= num(b),
  ">": (_, a, b) => num(a) > num(b),
  ">=": (_, a, b) => num(a) >= num(b),
  "+": (_, a, b) => num(a) + num(b),
  "-": (_, a, b) => num(a) - num(b),
  "*": (_, a, b) => num(a) * num(b),
  div: (_, a, b) => num(a) / num(b),
  mod: (_, a, b) => num(a) % num(b),
  neg: (_, a) => -num(a),
  not: (_, a) => !bool(a),
  boolean: (_, a) => bool(a),
  number: (_, a) => num(a),
  int: (_, a) => Math.trunc(num(a)),
  round: (_, a, b) => round(num(a), b === undefined ? 0 : Math.trunc(num(b)) || 0),
  string: (_, a) => str(a),
  date: (_, a) => (typeof a === "string" ? toDate(a, true) : toDate(a, false)),
  "date-time": (_, a) => toDate(a, true),
  "decimal-date-time": (_, a) => decimalDays(a),
  "decimal-time": (_, a) => {
    const n = decimalDays(a);
    if (typeof n !== "number" || typeof a === "number") return typeof n === "number" ? n - Math.floor(n) : n;
    const here = n - new Date(n * DAY).getTimezoneOffset() / 1440;
    return here - Math.floor(here);
  },
  "boolean-from-string": (_, a) => /^(true|1)$/i.test(str(a)),
  "format-date": (_, a, b) => formatDate(a, str(b)),
  atan2: (_, a, b) => Math.atan2(num(a), num(b)),
  pow: (_, a, b) => num(a) ** num(b),
  exp10: (_, a) => 10 ** num(a),
  pi: () => Math.PI,
  selected: (_, a, b) => ` ${str(a)} `.includes(` ${str(b).trim()} `),
  "count-selected": (_, a) => chosen(a).length,
  "selected-at": (_, a, b) => chosen(a)[Math.trunc(num(b)) || 0] || "",
  today: (c) => midnight(c.f.around.now()),
  now: (c) => c.f.around.now(),
  substr: (_, a, from, to) => {
    const s = str(a);
    /** @type {(v: Value) => number} */
    const place = (v) => {
      const n = Math.trunc(num(v)) || 0;
      return Math.min(Math.max(n < 0 ? n + s.length : n, 0), s.length);
    };
    const end = to === undefined ? s.length : place(to);
    return s.slice(place(from), Math.max(end, 0));
  },
  "substring-before": (_, a, b) => str(a).slice(0, Math.max(0, str(a).indexOf(str(b)))),
  "substring-after": (_, a, b) => {
    const at = str(a).indexOf(str(b));
    return at < 0 ? "" : str(a).slice(at + str(b).length);
  },
  translate: (_, a, from, to) =>
    str(a).split("").map((ch) => (str(from).includes(ch) ? str(to)[str(from).indexOf(ch)] || "" : ch)).join(""),
  contains: (_, a, b) => str(a).includes(str(b)),
  "starts-with": (_, a, b) => str(a).startsWith(str(b)),
  "ends-with": (_, a, b) => str(a).endsWith(str(b)),
  "string-length": (_, a) => str(a).length,
  "normalize-space": (_, a) => str(a).trim().replace(/\s+/g, " "),
  regex: (_, a, b) => matches(str(a), str(b)),
  random: () => Math.random(),
  uuid: (c, n) => {
    let id = c.f.around.uuid();
    if (n === undefined) return id;
    while (id.length < num(n)) id += c.f.around.uuid();
    return id.replace(/-/g, "").toUpperCase().slice(0, num(n));
  },
  property: (c, name) => (name === "deviceid" ? c.f.around.deviceId : name === "username" ? c.f.around.username : ""),
  version: (c) => c.f.plan.version,
  $: (c, column) => cell(c, str(column)),
  pos: (c) => c.i || (c.r && c.l ? c.l.indexOf(c.r) + 1 : c.n.pos || 1),
  "last-saved": (c, path) => (c.f.around.lastSaved || {})[str(path)] || "",
  text: (c, n) => c.f.says(num(n), c.n)[0],
};

/** Functions that look at their arguments themselves. @type {import("./types").Lazy} */
const F = {
  "@": (e, c) => {
    const one = !e[2] && c.f.single[e[1]];
    if (one) return c.f.isOn(one) ? one.v : "";
    const found = nodesOf(e, c);
    return found.length ? found[0].v : "";
  },
  "#": (e, c) => {
    const rows = rowsOf(e, c);
    return (rows.length && rows[0][e[2]]) || "";
  },
  and: (e, c) => all(e, c).every(bool),
  or: (e, c) => all(e, c).some(bool),
  if: (e, c) => value(e[holds(e[1], c) ? 2 : 3], c),
  coalesce: (e, c) => {
    const v = value(e[1], c);
    return v === "" || v !== v ? value(e[2], c) : v;
  },
  once: (e, c) => {
    const v = value(e[2], c);
    return str(v) ? v : value(e[1], c);
  },
  count: (e, c) => (e[1][0] === "#" ? rowsOf(e[1], c) : nodesOf(e[1], c)).length,
  "count-non-empty": (e, c) =>
    e[1][0] === "#"
      ? (many(e[1], c) || []).filter((v) => v !== "").length
      : nodesOf(e[1], c).filter((n) => n.x || c.f.kids[n.d].length).length,
  sum: (e, c) => (many(e[1], c) || []).reduce((/** @type {number} */ total, v) => total + (num(v) || 0), 0),
  max: (e, c) => extreme(all(e, c), Math.max, Number.MIN_VALUE),
  min: (e, c) => extreme(all(e, c), Math.min, Number.MAX_VALUE),
  concat: (e, c) => all(e, c).map(str).join(""),
  join: (e, c) => all(e, c, 2).map(str).join(str(value(e[1], c))),
  position: (e, c) => {
    const found = nodesOf(e[1], c);
    return found.length ? found[0].pos || 1 : 0;
  },
  "indexed-repeat": (e, c) => {
    /** @type {Map<number, number>} */
    const at = new Map(e[2].map((/** @type {[number, Runs]} */ [d, i]) => [d, Math.max(1, Math.trunc(num(value(i, c))) || 1)]));
    const found = c.f.find(c.n, e[1], (n) => !at.has(n.d) || at.get(n.d) === n.pos, Math.min(...at.keys()));
    return found.length && c.f.isOn(found[0]) ? found[0].v : "";
  },
  "jr:choice-name": (e, c) => {
    const v = str(value(e[1], c));
    const item = v && c.f.items(e[2], c.n).find((one) => one.value === v);
    return item ? item.label : "";
  },
};
F["^"] = F["@"];
STRICT["is-selected"] = STRICT.selected;
STRICT["format-date-time"] = STRICT["format-date"];
for (const name of /** @type {const} */ (["abs", "acos", "asin", "atan", "cos", "exp", "log", "log10", "sin", "sqrt", "tan"]))
  STRICT[name] = (_, a) => Math[name](num(a));
for (const [name, run] of Object.entries(STRICT))
  F[name] = (e, c) =>
    run(c, e.length > 1 ? value(e[1], c) : /** @type {any} */ (undefined), e.length > 2 ? value(e[2], c) : /** @type {any} */ (undefined), e[3] === undefined ? e[3] : value(e[3], c));

/** JavaRosa starts from the least number above nothing, so that the largest of negative numbers is 0. @param {Value[]} values @param {(a: number, b: number) => number} pick @param {number} start */
function extreme(values, pick, start) {
  const numbers = values.map(num).filter((n) => n === n);
  return numbers.length ? numbers.reduce((a, b) => pick(a, b), start) : NaN;
}
