// A plan (a form as the server compiled it), lists and answers in; a living form that answers as ODK Collect would out.
//
// Where it means to differ from JavaRosa 5.1: an answer that breaks its constraint is kept and reported by check();
// one that its filter offers no longer is cleared at once, not when the question is next shown; what reads other ones
// of a repeat, or of one taken out, is never stale; of one node, relevance is worked out before the calculation
// (JavaRosa: as it happens), so that once() keeps what it had; a new inner repeat stands at its place in the record,
// not at the end; a value JavaRosa stops with an error at (a text as date, one value of several) is "" or the first;
// a counted repeat grows at once, to 500 at most.

import { holds } from "./functions.js";
import { grow } from "./nodes.js";
import { wrap } from "./values.js";

/** @typedef {import("./types").Inst} Inst */

/** @param {string} s */
const escaped = (s) =>
  s
    .replace(/[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]|\p{Cs}/gu, "")
    .replace(/[&<>"]/g, (c) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot" }[c]};`);

/** `plan`: what GET field/plans/<id>.json gives; `saved`: values() of a draft. @type {import("./types").Open} */
export function openForm(plan, around, saved) {
  const f = grow(plan, around, saved);
  const { more } = f;

  /** @param {number} d @returns {string} */
  const name = (d) => plan.nodes[d][0];
  /** @param {number | undefined} number @param {Inst} n */
  const say = (number, n) => f.says(number, n)[0];
  /** @param {any} e @param {Inst} n */
  const is = (e, n) => e !== undefined && holds(e, f.here(n));
  /** @param {string} key */
  const at = (key) => {
    const n = f.at(key);
    if (!n) throw new Error(`the form has no ${key.replace(/\[\d+\]/g, "")}`);
    return n;
  };

  function changes() {
    /** @type {Set<string>} */
    const keys = new Set(f.shifted ? ["*"] : []);
    for (const n of f.touched) {
      if (f.asks[n.d] && f.asks[n.d].k) keys.add(f.key(n));
      for (const { d } of f.users[n.d] || []) if (d !== undefined) for (const user of f.find(n, d)) keys.add(f.key(user));
    }
    f.touched.clear();
    f.shifted = false;
    return { changed: [...keys] };
  }

  /** Adds the pages of questions and groups; those inside a group on one page go to `page`. @param {import("./types").Page[]} found @param {any[]} asks @param {Inst} n @param {string} title @param {string[] | null} page */
  function lay(found, asks, n, title, page) {
    /** @type {string[]} */
    let notes = [];
    /** @param {string} key @param {string[]} questions */
    const put = (key, questions, over = title) => {
      if (questions.length) found.push({ key, kind: "page", title: over, questions });
    };
    const turn = () => {
      if (!page) put(notes[0], notes);
      notes = [];
    };
    /** @param {any} ask @param {Inst} one */
    const enter = (ask, one) => {
      if (!f.isOn(one)) return;
      const key = f.key(one);
      if (ask.k && page) page.push(key);
      else if (ask.k) {
        notes.push(key);
        if (ask.k === "note") return;
        put(key, notes);
        notes = [];
      } else {
        turn();
        const label = say(ask.l, one);
        const over = label ? (one.pos ? `${label} ${one.pos}` : label) : title;
        if (page || !ask.e) return void lay(found, ask.g, one, over, page);
        /** @type {string[]} */
        const own = [];
        const after = lay([], ask.g, one, over, own);
        put(key, own, over);
        found.push(...after);
      }
    };
    for (const ask of asks) {
      if (!ask.r) {
        enter(ask, ask.d === undefined ? n : f.find(n, ask.d)[0]);
        continue;
      }
      for (const p of f.find(n, plan.nodes[ask.d][1])) {
        for (const one of p.k[ask.d]) enter(ask, one);
        const shown = f.entries.find((one) => one.kind === 1 && one.d === ask.d);
        if (more(ask.d).n || !f.isOn(p) || (shown && !is(shown.e, p))) continue;
        turn();
        const key = `${f.key(p)}/${name(ask.d)}`;
        const repeat = { key, canAdd: true, count: p.k[ask.d].length };
        found.push({ key, kind: "repeat", title: say(ask.l, p), questions: [], repeat });
      }
    }
    turn();
    return found;
  }

  /** @param {Inst} n @returns {import("./types").Problem[]} */
  function problems(n) {
    const { c, cm, q, qm } = more(n.d);
    const key = f.key(n);
    if (n.bad) return [{ key, kind: /** @type {"number" | "date"} */ (n.bad), message: "" }];
    if (!n.x) return is(q, n) ? [{ key, kind: "required", message: say(qm, n) }] : [];
    return c === undefined || is(c, n) ? [] : [{ key, kind: "constraint", message: say(cm, n) }];
  }

  /** Every node, in order; not what is in one of which `visit` says false. @param {(n: Inst) => boolean | void} visit */
  function every(visit, n = f.root) {
    if (visit(n) !== false) for (const d of f.kids[n.d]) for (const kid of n.k[d]) every(visit, kid);
  }

  return {
    id: plan.id,
    version: plan.version,
    languages: plan.langs,
    get language() {
      return plan.langs[f.language];
    },
    setLanguage(code) {
      f.language = Math.max(0, plan.langs.indexOf(code));
    },
    title: () => plan.title,
    pages: () => lay([], plan.asks, f.root, "", null),

    question(key) {
      const n = at(key);
      const ask = f.asks[n.d] || {};
      const { t, q, qm, o, cm } = more(n.d);
      const [label, image, audio] = f.says(ask.l, n);
      const [hint, , , guidance] = f.says(ask.h, n);
      return {
        key,
        name: name(n.d),
        node: key.replace(/\[\d+\]/g, ""),
        control: ask.k || "text",
        label,
        hint,
        guidance,
        image,
        audio,
        required: is(q, n),
        readonly: is(o, n),
        relevant: f.isOn(n),
        value: t === "decimal" && !n.bad ? n.x.replace(/\.0$/, "") : n.x,
        get items() {
          return f.items(n.d, n);
        },
        appearance: ask.a || "",
        message: say(cm, n),
        requiredMessage: say(qm, n),
        range: ask.s ? { start: ask.s[0], end: ask.s[1], step: ask.s[2] } : null,
      };
    },

    answer(key, text) {
      f.answer(at(key), text);
      return changes();
    },
    addRepeat(key) {
      const repeat = key.slice(key.lastIndexOf("/") + 1);
      const p = at(key.slice(0, -repeat.length - 1));
      const n = f.add(p, /** @type {number} */ (f.kids[p.d].find((d) => name(d) === repeat)));
      f.settle();
      return { key: f.key(n), ...changes() };
    },
    removeRepeat(key) {
      f.remove(at(key));
      return changes();
    },

    check(key) {
      if (key) return f.isOn(at(key)) ? problems(at(key)) : [];
      /** @type {import("./types").Problem[]} */
      const found = [];
      every((n) => {
        if (n.on && f.asks[n.d] && f.asks[n.d].k) found.push(...problems(n));
        return n.on;
      });
      return found;
    },
    values() {
      /** @type {Record<string, string>} */
      const kept = {};
      every((n) => {
        if (n.x || n.pos) kept[f.key(n)] = n.x;
      });
      return kept;
    },
    named() {
      /** @type {Record<string, string>} */
      const kept = {};
      every((n) => {
        if (n.on && n.x && !n.bad) kept[name(n.d)] ||= n.x;
        return n.on;
      });
      return kept;
    },

    instance({ instanceId, deprecatedId, audit, kept = [] }) {
      /** @type {Record<string, string | undefined>} */
      const meta = { instanceID: instanceId, audit };
      /** @param {Inst} n @returns {string} */
      const write = (n) => {
        const { p, t } = more(n.d);
        const tag = name(n.d);
        const inMeta = n.p && name(n.p.d) === "meta";
        if (!n.on || (inMeta && tag === "deprecatedID")) return "";
        let open = n.p ? tag : `${tag} id="${escaped(plan.id)}" version="${escaped(plan.version)}"`;
        let inside = "";
        for (const d of f.kids[n.d])
          for (const kid of n.k[d]) {
            if (name(d)[0] !== "@") inside += write(kid);
            else if (kid.on) open += ` ${name(d).slice(1)}="${escaped(kid.x)}"`;
          }
        if (p === "timestamp end") inside = wrap(around.now(), t).x;
        else inside ||= escaped((inMeta && meta[tag]) || (n.bad ? "" : n.x));
        const after = inMeta && tag === "instanceID" && deprecatedId;
        return (
          (inside ? `<${open}>${inside}</${tag}>` : `<${open}/>`) +
          (after ? `<deprecatedID>${escaped(deprecatedId)}</deprecatedID>` : "") +
          (after && kept.length ? `<keptAnswers>${escaped(kept.join(" "))}</keptAnswers>` : "")
        );
      };
      return `<?xml version="1.0" encoding="UTF-8"?>\n${write(f.root)}`;
    },
  };
}
