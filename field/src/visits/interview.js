// A form and a child in; an interview whose every answer is on the disk before the next screen, out.
import { openForm } from "../forms/form.js";
import { desk, me } from "./desk.js";
import { formHere, listsOf } from "./forms_here.js";
import { auditOf } from "./audit.js";
import { registration, remember } from "./registered_here.js";
import { leftUnderSeal } from "./under_seal.js";

/**
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} formId
 * @property {string} version
 * @property {string} informant
 * @property {string} child  its id, or "" before it is chosen
 * @property {string} childName
 * @property {Record<string, string>} values  as they were when the draft was last put away
 * @property {number} noted  number of the last entry of the journal that `values` has in it
 * @property {string} [page]
 * @property {string} [language]
 * @property {number} begun
 * @property {number} touched
 * @property {string} [replaces]  instance id of the record this one corrects
 * @property {boolean} [moved]  that record was made with another version of the form
 * @property {boolean} [sealed]  it holds answers that cannot be read again here
 * @property {string} title
 * @property {Record<string, string>} [files]  name → type
 */
/** @typedef {{k?: string, v?: string, p?: string, add?: string, del?: string, l?: string, x?: string, o?: any, t: number, n?: number}} Entry
 * n: its number · k, v: an answer · p: a page was shown · add, del: one of a repeated group · l: language · x, o: what a question keeps beside its answer */

const MOST_REPLAYED = 60;

export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export class Interview {
  /** @param {Draft} draft @param {any} form @param {any} here the form as it is on the tablet @param {Entry[]} journal */
  constructor(draft, form, here, journal) {
    this.draft = draft;
    this.form = form;
    this.here = here;
    this.journal = journal;
    /** @type {(state: "saving" | "saved" | "failed") => void} */
    this.tell = () => {};
    this.number = Math.max(draft.noted, ...journal.map((entry) => entry.n ?? 0));
    /** @type {Promise<unknown>} */
    this.putting = Promise.resolve();
    this.open = 0;
    this.failed = false;
    this.finished = false;
    /** @type {Promise<Record<string, string>> | null} */
    this.finishing = null;
    /** @type {Map<string, string>} */
    this.typing = new Map();
    this.timer = 0;
    /** What a question keeps beside its answer: the clock of a reading task. @type {Record<string, any>} */
    this.aside = Object.fromEntries(journal.flatMap((entry) => (entry.x ? [[entry.x, entry.o]] : [])));
    /** @type {Promise<unknown>} */
    this.writing = Promise.resolve();
  }

  /** Kept at once for a tap; for typed text when the hand rests, and always before the next screen.
   * @param {string} key @param {string} text @param {boolean} [typed] @returns {string[]} */
  answer(key, text, typed) {
    const { changed } = this.form.answer(key, text);
    clearTimeout(this.timer);
    if (typed) {
      this.typing.set(key, text);
      this.tell("saving");
      this.timer = setTimeout(() => this.flush(), 350);
    } else {
      this.typing.delete(key);
      this.flush();
      this.note({ k: key, v: text, t: Date.now() });
    }
    return changed;
  }

  /** @param {string} key @param {any} what */
  keepAside(key, what) {
    this.aside[key] = what;
    this.note({ x: key, o: what, t: Date.now() });
  }

  flush() {
    clearTimeout(this.timer);
    for (const [k, v] of this.typing) this.note({ k, v, t: Date.now() });
    this.typing.clear();
  }

  /** @param {Entry} entry */
  note(entry) {
    if (this.finished) return;
    entry.n = this.number += 1;
    this.journal.push(entry);
    this.open += 1;
    this.tell("saving");
    const kept = (async () => desk().note(this.draft.id, entry))();
    this.writing = Promise.all([this.writing, kept]).catch(() => {
      this.failed = true;
    });
    void this.writing.then(() => {
      this.open -= 1;
      if (this.failed) this.tell("failed");
      else if (!this.open && !this.typing.size) this.tell("saved");
    });
  }

  /** True once everything is on the disk. */
  async kept() {
    this.flush();
    await this.writing;
    if (this.failed) {
      // Once more, and all of it: a snapshot holds what single notes could not.
      this.failed = false;
      await this.putAway().catch(() => {
        this.failed = true;
      });
      this.tell(this.failed ? "failed" : "saved");
    }
    return !this.failed;
  }

  /** Questions that stay as they were in the record this one corrects, because they cannot be read here. @returns {Set<string>} names */
  left() {
    return this.draft.sealed ? leftUnderSeal(this.here, this.form) : new Set();
  }

  /** What is still wrong; a question left as it was lacks nothing. @param {string} [key] @returns {import("../forms/types").Problem[]} */
  check(key) {
    const wrong = this.form.check(key);
    const left = wrong.length ? this.left() : new Set();
    return wrong.filter((/** @type {any} */ one) => one.kind !== "required" || !left.has(this.form.question(one.key).name));
  }

  /** Who is spoken of, once the form knows. */
  childName() {
    const named = this.form.named();
    if (named.learner && named.learner !== this.draft.child) {
      this.draft.child = named.learner;
      this.draft.childName = named.learner_given_names ?? "";
    }
    if (!this.draft.childName) this.draft.childName = named.learner_given_names ?? [named.r_given_names, named.r_family_name].filter(Boolean).join(" ");
    return this.draft.childName;
  }

  /** @param {string} page */
  turnTo(page) {
    this.draft.page = page;
    this.note({ p: page, t: Date.now() });
    if (this.number - this.draft.noted > MOST_REPLAYED) void this.putAway().catch(() => {});
  }

  /** @param {string} code */
  speak(code) {
    this.form.setLanguage(code);
    this.draft.language = code;
    this.note({ l: code, t: Date.now() });
  }

  /** @param {string} key */
  addRepeat(key) {
    this.form.addRepeat(key);
    this.note({ add: key, t: Date.now() });
  }

  /** @param {string} key */
  removeRepeat(key) {
    this.form.removeRepeat(key);
    this.note({ del: key, t: Date.now() });
  }

  /** The draft with everything so far. */
  putAway() {
    const put = async () => {
      if (this.finished) return;
      this.childName();
      this.draft.values = this.form.values();
      this.draft.noted = this.number;
      this.draft.touched = Date.now();
      await desk().put("draft", this.draft.id, this.draft);
    };
    const done = this.putting.then(put);
    this.putting = done.catch(() => {});
    return done;
  }

  /** The filled form becomes a record of the outbox under the id it had from its first answer, and the draft goes, in
   * one transaction; asked for twice, it is done once. @returns {Promise<Record<string, string>>} question name → answer, for the meaning */
  finish() {
    this.finishing ??= this.#finish().catch((problem) => {
      this.finishing = null;
      throw problem;
    });
    return this.finishing;
  }

  async #finish() {
    if (!(await this.kept())) throw new Error("not kept");
    this.note({ p: "", t: Date.now() });
    await this.writing;
    const { draft, form, here } = this;
    this.childName();
    const instanceId = `uuid:${draft.id}`;
    const left = this.left();
    const audit = here.plan.nodes?.some((/** @type {any[]} */ [name]) => name === "audit") ? auditOf(this.journal) : "";
    const xml = form.instance({
      instanceId,
      ...(draft.replaces ? { deprecatedId: draft.replaces } : {}),
      ...(audit ? { audit: "audit.csv" } : {}),
      kept: [...left],
    });
    const named = form.named();
    const files = await this.files();
    if (audit) files.push({ name: "audit.csv", type: "text/csv", bytes: new TextEncoder().encode(audit) });
    const child = registration(xml, named);
    if (child) [draft.child, draft.childName] = [child.id, child.label];
    const { kept, locked } = keepable(form.values(), here);
    const keep = {
      title: draft.title, informant: draft.informant, child: draft.child, childName: draft.childName,
      values: kept, locked: locked + left.size, finished: Date.now(), ...(draft.replaces && { replaces: draft.replaces }), ...(named.kh_long ? { long: named.kh_long } : {}),
    };
    const record = { instanceId, formId: draft.formId, version: draft.version, xml, made: new Date().toISOString(), keep, ...(locked && { sealed: true }) };
    // From here no snapshot may bring the draft back.
    this.finished = true;
    await this.putting;
    try {
      /** @param {import("../store/types.js").Change[]} also */
      const write = (...also) => desk().finalise(record, { files, draft: draft.id, also });
      await (child ? remember(child, write) : write());
    } catch (problem) {
      this.finished = false;
      throw problem;
    }
    // For `last-saved`; and what was photographed is in the record now. The record is kept, whatever becomes of these.
    await desk().put("setting", `last/${draft.formId}`, kept).catch(() => {});
    for (const name of Object.keys(draft.files ?? {})) await desk().remove("file", `${draft.id}/${name}`).catch(() => {});
    return named;
  }

  /** What was photographed or recorded for this draft and is still an answer. */
  async files() {
    const values = new Set(Object.values(this.form.values()));
    const found = [];
    for (const [name, type] of Object.entries(this.draft.files ?? {})) {
      const bytes = values.has(name) ? await desk().get("file", `${this.draft.id}/${name}`) : undefined;
      if (bytes) found.push({ name, type, bytes });
    }
    return found;
  }

  /** @param {string} key @param {string} name @param {string} type @param {Uint8Array} bytes */
  async keepFile(key, name, type, bytes) {
    await desk().put("file", `${this.draft.id}/${name}`, bytes);
    this.draft.files = { ...this.draft.files, [name]: type };
    await this.putAway();
    return this.answer(key, name);
  }

  /** The bytes of a file that is an answer. @param {string} name */
  file(name) {
    return desk().get("file", `${this.draft.id}/${name}`);
  }
}

/** What may be read again on the tablet after sending. Answers under seal (S4), and what was worked out from them, may not.
 * @param {Record<string, string>} values @param {import("./forms_here.js").FormHere} here */
function keepable(values, { sealed, plan }) {
  /** @type {[string][]} */
  const nodes = plan.nodes ?? [];
  const shut = new Set(nodes.flatMap(([name], at) => (sealed.includes(name) ? [at] : [])));
  for (const [kind, at, , from] of plan.order ?? []) if (!kind && from?.some((/** @type {number} */ one) => shut.has(one))) shut.add(at);
  const names = new Set([...shut].map((at) => nodes[at][0]));
  const named = (/** @type {string} */ key) => key.slice(key.lastIndexOf("/") + 1);
  const locked = Object.keys(values).filter((key) => values[key] !== "" && sealed.includes(named(key)));
  return { kept: Object.fromEntries(Object.entries(values).filter(([key]) => !names.has(named(key)))), locked: locked.length };
}

/** @param {{formId: string, child?: {id: string, name: string}, replaces?: {instanceId: string, version: string, values: Record<string, string>, locked?: number}, unkept?: boolean}} what
 * unkept: only to look at its questions */
export async function begin({ formId, child, replaces, unkept }) {
  const here = await formHere(formId, replaces?.version).catch(() => formHere(formId));
  const now = Date.now();
  /** @type {Draft} */
  const draft = {
    id: uuid(), formId, version: here.version, informant: here.informant, title: "", child: child?.id ?? "",
    childName: child?.name ?? "", values: {}, noted: 0, begun: now, touched: now,
    ...(replaces ? { replaces: replaces.instanceId, moved: here.version !== replaces.version, sealed: Boolean(replaces.locked) } : {}),
  };
  /** @type {any} */
  const form = openForm(here.plan, await around(here), replaces?.values ?? null);
  const made = new Interview(draft, form, here, []);
  draft.title = form.title();
  draft.values = form.values();
  if (unkept) return made;
  // Its first answer waits until it is kept; its first question, with nothing to lose, does not.
  made.writing = made.putting = desk().put("draft", draft.id, draft).catch(() => {
    made.failed = true;
  });
  const key = child ? learnerKey(form) : "";
  if (key && child && !replaces) {
    made.answer(key, child.id);
    // Whose form it is was chosen before: it begins with what comes next, and Back leads to the choice.
    const pages = form.pages();
    const at = pages.findIndex((/** @type {any} */ page) => page.questions.includes(key));
    if (pages[at].questions.length === 1) draft.page = pages[at + 1]?.key;
  }
  return made;
}

/** The same interview after a lock, a kill or a night. @param {string} id @returns {Promise<Interview | null>} null: it was finished */
export async function resume(id) {
  /** @type {Draft | undefined} */
  const draft = await desk().get("draft", id);
  if (!draft) return null;
  const here = await formHere(draft.formId, draft.version);
  const clock = { at: 0 };
  const form = openForm(here.plan, await around(here, clock), draft.values);
  /** @type {Entry[]} */
  const journal = await desk().journal(id);
  for (const entry of journal) {
    if ((entry.n ?? 0) <= draft.noted) continue;
    clock.at = entry.t;
    if (entry.k !== undefined) form.answer(entry.k, entry.v ?? "");
    else if (entry.add) form.addRepeat(entry.add);
    else if (entry.del) form.removeRepeat(entry.del);
    else if (entry.l) draft.language = entry.l;
    else if (entry.p) draft.page = entry.p;
  }
  clock.at = 0;
  if (draft.language) form.setLanguage(draft.language);
  return new Interview(draft, form, here, journal);
}

/** Calculations that ask the time are given that of the answer, also when it is played again.
 * @param {any} here @param {{at: number}} [clock] */
async function around(here, clock = { at: 0 }) {
  const [lists, lastSaved] = await Promise.all([listsOf(here), desk().get("setting", `last/${here.formId}`)]);
  return {
    lists,
    now: () => new Date(clock.at || Date.now()),
    uuid,
    deviceId: `khula:${me().device ?? ""}`,
    username: me().person?.name ?? "",
    language: globalThis.document?.documentElement.lang || me().person?.language,
    lastSaved: /** @type {Record<string, string> | undefined} */ (lastSaved) ?? undefined,
  };
}

/** The question that chooses the child. @param {any} form */
export function learnerKey(form) {
  for (const page of form.pages())
    for (const key of page.questions) if (form.question(key).name === "learner") return key;
  return "";
}
