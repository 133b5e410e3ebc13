// A plan, lists and values in; the instance, kept right after every change in the order the plan gives, out.

import { holds, met, nodesOf, rowsOf, seedOf, shuffled, value } from "./functions.js";
import { num, read, str, wrap } from "./values.js";

/** @typedef {import("./types").Inst} Inst */
/** @typedef {import("./types").Entry} Entry */

const MOST_REPEATS = 500;

/** @param {any} e @returns {boolean} */
const isWide = (e) =>
  Array.isArray(e) && (e[0] === "indexed-repeat" || ((e[0] === "@" || e[0] === "^") && !!e[2]) || e.some(isWide));

/** @type {import("./types").Grow} */
export function grow(plan, around, saved) {
  /** @type {any[]} */
  const nodes = plan.nodes;
  const last = nodes.map((_, d) => d);
  /** @type {number[][]} */
  const dependents = nodes.map(() => []);
  /** @type {number[][]} numbers from the root to each */
  const chains = [];
  /** @type {(Set<Inst> | undefined)[]} entries due, with what changed */
  const pending = [];
  /** @type {import("./types").List[]} */
  const lists = [];
  let due = true;

  /** @type {import("./types").Engine} */
  const f = {
    plan,
    around,
    language: Math.max(0, plan.langs.indexOf(around.language)),
    root: /** @type {any} */ (null),
    single: [],
    kids: nodes.map(() => []),
    asks: [],
    users: {},
    entries: [],
    touched: new Set(),
    shifted: false,

    more: (d) => nodes[d][2] || {},
    here: (n) => ({ f, n, o: n }),

    find(from, to, ok, above) {
      let at = from;
      while (at.p && (at.d > to || to > last[at.d] || (above !== undefined && at.d >= above))) at = at.p;
      let found = [at];
      const chain = chains[to];
      for (let i = chain.indexOf(at.d) + 1; i < chain.length; i++) {
        const next = found.length === 1 ? found[0].k[chain[i]] : found.flatMap((n) => n.k[chain[i]]);
        found = ok ? next.filter((n, at) => ok(n, at + 1)) : next;
      }
      return found;
    },

    isOn: (n) => n.on && (!n.p || f.isOn(n.p)),

    key: (n) => `${n.p ? f.key(n.p) : ""}/${nodes[n.d][0]}` + (n.pos ? `[${n.pos}]` : ""),

    at(key, growing) {
      /** @type {Inst | undefined} */
      let n = f.root;
      for (const step of key.split("/").slice(2)) {
        const [name, pos] = step.split(/[[\]]/);
        /** @type {number | undefined} */
        const kid = n && f.kids[n.d].find((d) => nodes[d][0] === name);
        if (!n || kid === undefined) return;
        while (growing && pos && n.k[kid].length < +pos) n.k[kid].push(make(kid, n, n.k[kid].length + 1, 0));
        n = n.k[kid][(+pos || 1) - 1];
      }
      return n;
    },

    settle() {
      for (let round = 0; due && round < 99; round++) {
        due = false;
        f.entries.forEach((entry, i) => {
          const changed = pending[i];
          if (!changed) return;
          pending[i] = undefined;
          /** @type {Set<Inst>} */
          const affected = new Set();
          for (const n of entry.wide ? [f.root] : changed) for (const one of f.find(n, entry.d)) affected.add(one);
          for (const n of affected) work(entry, n);
        });
      }
    },

    answer(n, text) {
      const changed = set(n, readAs(n.d, text));
      f.settle();
      if (changed) for (const [d, e] of (f.asks[n.d] || {}).x || []) act(n, d, e);
    },

    add(p, r) {
      const n = make(r, p, p.k[r].length + 1, 1);
      p.k[r].push(n);
      f.shifted = true;
      for (const [d, e] of (f.asks[r] || {}).x || []) act(n, d, e);
      f.entries.forEach(({ d }, i) => {
        if (d >= r && d <= last[r]) (pending[i] ||= new Set()).add(n);
      });
      due = true;
      mark(n, r, true);
      return n;
    },

    remove(n) {
      const p = /** @type {Inst} */ (n.p);
      p.k[n.d].splice(n.pos - 1, 1);
      p.k[n.d].forEach((one, i) => (one.pos = i + 1));
      f.shifted = true;
      mark(p, n.d, true);
      f.settle();
    },

    list: (i) => (lists[i] ||= listOf(plan.lists[i], around.lists)),

    items(d, from) {
      const n = f.find(from, d)[0];
      const ask = f.asks[d];
      if (!n || !ask || !ask.i) return [];
      const [rows, code, label] = ask.i;
      const path = rows[0] === "randomize" ? rows[1] : rows;
      const here = f.here(n);
      if (path[0] === "#")
        return rowsOf(rows, here).map((r) => {
          const [text, image, audio] = label === "#" ? f.says(r["#"], n) : [r[label] || "", "", ""];
          return { value: r[code] || "", label: text, image, audio };
        });
      const found = nodesOf(path, here);
      return (path === rows ? found : shuffled(found, seedOf(rows, here))).map((one) => {
        const its = { ...here, n: one };
        return { value: str(value(code, its)).trim(), label: str(value(label, its)), image: "", audio: "" };
      });
    },

    says(number, n) {
      let said = number === undefined ? "" : plan.words[f.language][number];
      if (!said || typeof said === "string" || Array.isArray(said)) said = { "": said };
      return ["", "image", "audio", "guidance"].map((form) => {
        const text = said[form] || "";
        return typeof text === "string" ? text : text.map((/** @type {any} */ e) => str(value(e, f.here(n)))).join("");
      });
    },
  };

  /** @param {number} d @param {string} text */
  const readAs = (d, text) => read(text, f.more(d).t, around.now());

  /** @param {number} d @param {Inst | null} p @param {number} pos @param {number} how 2 as the form opens, 1 one more of a repeat, 0 blank @returns {Inst} */
  function make(d, p, pos, how) {
    const { v = "", t, p: preload } = f.more(d);
    /** @type {Inst} */
    const n = { d, p, k: {}, pos, on: true, ...readAs(d, how ? v : "") };
    if (!chains[d].some((one) => f.more(one).r)) f.single[d] = n;
    for (const kid of f.kids[d]) {
      const { r, f: opens } = f.more(kid);
      n.k[kid] = !r ? [make(kid, n, 0, how)] : opens && how > 1 ? [make(kid, n, 1, how)] : [];
    }
    if (how && preload) {
      const [kind, what] = preload.split(" ");
      if (kind === "property") Object.assign(n, readAs(d, what === "username" ? around.username : around.deviceId));
      else if (what !== "end" && kind !== "uid") Object.assign(n, wrap(around.now(), kind === "date" ? kind : t));
    }
    return n;
  }

  /** What reads node d of n is due; `deep`: or anything in it. @param {Inst} n @param {number} d @param {boolean} [deep] */
  function mark(n, d, deep) {
    for (const end = deep ? last[d] : d; d <= end; d++)
      for (const i of dependents[d]) {
        due = true;
        (pending[i] ||= new Set()).add(n);
      }
  }

  /** What reads it is worked out again even if it is as it was: so does JavaRosa, and it shows in now() and random(). @param {Inst} n @param {import("./types").Kept} kept */
  function set(n, kept) {
    mark(n, n.d);
    if (n.x === kept.x && typeof n.v === typeof kept.v && n.bad === kept.bad) return false;
    n.bad = undefined;
    Object.assign(n, kept);
    f.touched.add(n);
    return true;
  }

  /** @param {Entry} entry @param {Inst} n */
  function work({ kind, e, r = 0 }, n) {
    if (!kind) set(n, wrap(value(e, f.here(n)), f.more(n.d).t));
    else if (kind === 1) {
      const on = holds(e, f.here(n));
      mark(n, n.d, true);
      if (on === n.on) return;
      n.on = on;
      f.shifted = true;
      f.touched.add(n);
    } else if (kind === 2) {
      const wanted = Math.min(num(value(e, f.here(n))), MOST_REPEATS);
      while (n.k[r].length + 1 <= wanted && f.isOn(n.k[r][0] || n)) f.add(n, r);
    } else if (n.x && f.isOn(n)) {
      const codes = e.k === "select1" ? [n.x] : n.x.split(" ");
      const kept = codes.filter((code) => offers(e, n, code));
      if (kept.length < codes.length) f.answer(n, kept.join(" "));
    }
  }

  /** Whether a question offers a code: looked up, not listed. @param {any} ask @param {Inst} n @param {string} code */
  function offers(ask, n, code) {
    const rows = ask.i[0][0] === "randomize" ? ask.i[0][1] : ask.i[0];
    if (rows[0] !== "#") return f.items(ask.d, n).some((item) => item.value === code);
    const list = f.list(rows[1]);
    const conditions = (rows[3] || []).flat();
    return list
      .by(ask.i[1], code)
      .some((r) => conditions.every((/** @type {any} */ one) => met(one, { f, n: f.root, o: n, r, l: list.rows })));
  }

  /** Sets a value because something happened. @param {Inst} from @param {number} d @param {any} e */
  function act(from, d, e) {
    for (const n of f.find(from, d)) f.answer(n, wrap(value(e, f.here(n)), f.more(d).t).x);
  }

  /** @param {Entry} entry @param {number[]} needs */
  function enter(entry, needs) {
    const i = f.entries.push(entry) - 1;
    for (const d of needs) if (entry.kind > 1 || d !== entry.d) dependents[d].push(i);
  }

  /** @param {any[]} asks */
  function meet(asks) {
    for (const ask of asks) {
      if (ask.k || !f.asks[ask.d]) f.asks[ask.d] = ask;
      for (const d of ask.u || []) (f.users[d] ||= []).push(ask);
      if (ask.i) enter({ kind: 3, d: ask.d, e: ask, wide: isWide(ask.i) }, [...ask.i[3], ask.d]);
      if (ask.g) meet(ask.g);
    }
  }

  nodes.forEach(([, parent], d) => {
    if (parent >= 0) f.kids[parent].push(d);
    chains[d] = [...(chains[parent] || []), d];
    for (const one of chains[d]) last[one] = d;
  });
  for (const [kind, d, e, needs] of plan.order) enter({ kind, d, e, wide: isWide(e) }, needs);
  nodes.forEach(([, parent, { n } = /** @type {any} */ ({})], d) => {
    if (n) enter({ kind: 2, d: parent, e: n[0], r: d, wide: false }, [...n[1], d]);
  });
  meet(plan.asks);
  f.root = make(0, null, 0, saved ? 0 : 2);
  for (const [key, x] of Object.entries(saved || {})) {
    const n = f.at(key, true);
    if (n) Object.assign(n, readAs(n.d, x));
  }
  for (const [d, e, first] of plan.sets) if (!saved || !first) act(f.root, d, e);
  f.entries.forEach((_, i) => (pending[i] = new Set([f.root])));
  due = true;
  f.settle();
  f.touched.clear();
  f.shifted = false;
  return f;
}

/** @param {any} list @param {Record<string, import("./types").Row[]>} files @returns {import("./types").List} */
function listOf({ n: name, c: columns, w: written }, files) {
  const rows = name
    ? files[name] || []
    : written.map((/** @type {any[]} */ row) => Object.fromEntries(row.map((cell, i) => [columns[i], cell])));
  /** @type {Record<string, Map<string, any[]>>} */
  const indexes = {};
  return {
    rows,
    by(column, text) {
      let index = indexes[column];
      if (!index) {
        index = indexes[column] = new Map();
        for (const row of rows) {
          const cell = row[column] || "";
          const same = index.get(cell);
          if (same) same.push(row);
          else index.set(cell, [row]);
        }
      }
      return index.get(text) || [];
    },
  };
}
