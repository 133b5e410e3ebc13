// What the server said of the children and what was done on this tablet since in; who is left for which voice, out.
import { desk } from "./desk.js";
import { drafts } from "./at_hand.js";
import { VOICES } from "./forms_here.js";
import { registeredHere } from "./registered_here.js";

/** @typedef {"heard"|"received"|"sent"|"here"|"begun"|"left"|"not asked"} VoiceState */
/** @typedef {{voice: string, state: VoiceState, on: string | null, draft?: string}} Voice */
/** @typedef {{id: string, name: string, plain: string, klass: string, grade: string, sex: string, birthDate: string, language: string,
 *   voices: Voice[], heard: number, asked: number, known: any}} Child */
/** @typedef {{instanceId: string, formId: string, version: string, state: "here"|"sent"|"received", stuck: boolean, problem: string, made: string, at: string, keep: any, replaced: boolean}} Sent
 * replaced: a correction of it was finished here */

/** Tried so often without success that a person should look. */
const MANY_TRIES = 8;

/** Everything finished on this tablet, the newest first. @returns {Promise<Sent[]>} */
export async function finished() {
  const [waiting, received] = await Promise.all([desk().all("outbox"), desk().all("receipt")]);
  /** @type {Omit<Sent, "replaced">[]} */
  const all = [
    ...waiting.map(([, one]) => ({
      instanceId: one.instanceId, formId: one.formId, version: one.version, state: one.state, stuck: one.tries >= MANY_TRIES || ["refused", "strange"].includes(one.lastProblem),
      problem: one.lastProblem ?? "", made: one.made, at: "", keep: one.keep ?? {},
    })),
    ...received.map(([, one]) => ({
      instanceId: one.instanceId, formId: one.formId, version: one.version, state: /** @type {"received"} */ ("received"), stuck: false, problem: "", made: one.made,
      at: one.receivedAt ?? "", keep: one.keep ?? {},
    })),
  ];
  const corrected = new Set(all.map((one) => one.keep.replaces));
  return all.map((one) => ({ ...one, replaced: corrected.has(one.instanceId) })).sort((one, other) => (one.made < other.made ? 1 : -1));
}

/** @returns {Promise<{asOf: string, wave: any, children: Child[]}>} */
export async function caseload() {
  const [today, done, begun] = await Promise.all([desk().get("today", "today"), finished(), drafts()]);
  /** @type {Map<string, Map<string, Partial<Voice>>>} */
  const here = new Map();
  /** @param {string} child @param {string} voice @param {Partial<Voice>} what */
  const mark = (child, voice, what) => {
    if (!child) return;
    const marks = here.get(child) ?? new Map();
    marks.set(voice, { ...what, ...marks.get(voice) });
    here.set(child, marks);
  };
  for (const one of done) mark(one.keep.child, one.keep.informant, { state: one.state, on: one.made.slice(0, 10) });
  for (const one of begun) mark(one.child, one.informant, { draft: one.id });
  const met = new Set((today?.children ?? []).map((/** @type {any} */ child) => child.id));
  // Registered here and not met by the server yet: they can be asked at once.
  const own = (await registeredHere()).filter((child) => !met.has(child.id)).map(({ id, label, row }) => ({
    id, name: label, sex: row.sex, birth_date: row.birth_date, grade: row.grade, class: row.class_name, language: row.home_language, known: null,
    voices: Object.fromEntries(VOICES.map((voice) => [voice, { asked: true, heard_on: null }])),
  }));
  const asked = [...own, ...(today?.children ?? [])].map((/** @type {any} */ child) => {
    const marks = here.get(child.id);
    const voices = VOICES.filter((voice) => child.voices[voice]).map((voice) => {
      const said = child.voices[voice];
      const mine = marks?.get(voice);
      /** @type {VoiceState} */
      const state = said.heard_on ? "heard" : (mine?.state ?? (mine?.draft ? "begun" : said.asked ? "left" : "not asked"));
      return { voice, state, on: said.heard_on ?? mine?.on ?? null, draft: mine?.draft };
    });
    return {
      id: child.id, name: child.name, plain: flat(child.name), klass: child.class ?? "", grade: child.grade ?? "", sex: child.sex ?? "",
      birthDate: child.birth_date ?? "", language: child.language ?? "", known: child.known, voices,
      heard: voices.filter((each) => ["heard", "received", "sent", "here"].includes(each.state)).length,
      asked: voices.filter((each) => each.state !== "not asked").length,
    };
  });
  return { asOf: today?.as_of ?? "", wave: today?.wave ?? null, children: asked };
}

/** @param {string} text */
const flat = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

/** @param {string} id */
export async function childOf(id) {
  const { asOf, children } = await caseload();
  return { asOf, child: children.find((child) => child.id === id) };
}

/** @returns {Promise<{waiting: number, onWay: number, stuck: number, oldest: string, problem: string}>} */
export async function outboxState() {
  const waiting = (await finished()).filter((one) => one.state !== "received");
  const stuck = waiting.filter((one) => one.stuck);
  return {
    waiting: waiting.length, onWay: waiting.filter((one) => one.state === "sent").length, stuck: stuck.length,
    oldest: waiting.length ? waiting[waiting.length - 1].made : "", problem: stuck[0]?.problem ?? "",
  };
}
