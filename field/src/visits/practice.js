// The person's desk in; a desk in memory with invented children, out. No sending knows of it: nothing here can reach the server.
import { realDesk, workAt } from "./desk.js";

const NAMES = ["Lerato Practice", "Sipho Practice", "Naledi Practice", "Pieter Practice", "Aïcha Practice", "Thabo Practice"];
const OWN = new Set(["draft", "outbox", "receipt", "today", "list"]);

/** @returns {any} */
function invented() {
  const year = new Date().getFullYear() - 7;
  return NAMES.map((name, number) => ({
    id: `practice-${number}`, name, sex: number % 2 ? "male" : "female", birth_date: `${year}-0${number + 1}-1${number}`,
    grade: "1", class: "1 A", language: "zu", known: null,
    voices: Object.fromEntries(["child", "caregiver", "teacher", "health"].map((voice) => [voice, { asked: true, heard_on: null }])),
  }));
}

/** A desk as the store's, for as long as the page lives. @param {any} real */
export function practiceDesk(real) {
  /** @type {Map<string, Map<string, any>>} */
  const kinds = new Map([...OWN, "file"].map((kind) => [kind, new Map()]));
  /** @type {Map<string, any[]>} */
  const journals = new Map();
  const children = invented();
  const rows = children.map((/** @type {any} */ child) => {
    const [given, family] = child.name.split(" ");
    return {
      name: child.id, label: child.name, __version: "1", given_names: given, family_name: family, sex: child.sex, birth_date: child.birth_date,
      grade: child.grade, class_name: child.class, language: child.language, home_language: child.language, wave: "",
    };
  });
  /** @param {string} kind */
  const own = (kind) => /** @type {Map<string, any>} */ (kinds.get(kind));
  /** @param {any} value */
  const copy = (value) => (value instanceof Uint8Array || value === undefined ? value : JSON.parse(JSON.stringify(value)));
  own("today").set("today", { as_of: new Date().toISOString(), wave: null, children });
  own("list").set("learners", { rows });
  return {
    practice: true,
    lock() {},
    /** @param {string} kind @param {string} id */
    async get(kind, id) {
      const mine = kinds.has(kind) ? copy(own(kind).get(id)) : undefined;
      return mine !== undefined || OWN.has(kind) ? mine : real.get(kind, id);
    },
    /** @param {string} kind */
    async all(kind) {
      return OWN.has(kind) ? [...own(kind)].map(([id, value]) => [id, copy(value)]) : real.all(kind);
    },
    /** @param {string} kind @param {string} id @param {any} value */
    async put(kind, id, value) {
      if (!kinds.has(kind)) kinds.set(kind, new Map());
      own(kind).set(id, copy(value));
    },
    /** @param {string} kind @param {string} id */
    async remove(kind, id) {
      kinds.get(kind)?.delete(id);
      journals.delete(id);
    },
    /** @param {string} draft @param {any} entry */
    async note(draft, entry) {
      journals.set(draft, [...(journals.get(draft) ?? []), entry]);
    },
    /** @param {string} draft */
    async journal(draft) {
      return journals.get(draft) ?? [];
    },
    /** @param {any} record @param {{draft?: string, also?: import("../store/types.js").Change[]}} [how] */
    async finalise(record, how) {
      own("outbox").set(record.instanceId, { ...copy(record), state: "here", tries: 0, lastProblem: "", files: [] });
      for (const { kind, id, value } of how?.also ?? []) await this.put(kind, id, value);
      if (how?.draft) await this.remove("draft", how.draft);
    },
  };
}

export function beginPractice() {
  workAt(/** @type {any} */ (practiceDesk(realDesk())));
}
export function endPractice() {
  workAt(null);
}
