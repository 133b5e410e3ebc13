// What sync brought in; the forms, lists, pictures and the meaning as an interview needs them, out.
import { desk } from "./desk.js";
import { withRegistered } from "./registered_here.js";

/** @typedef {{formId: string, version: string, informant: string, title: Record<string, string>, lists: string[], media: {name: string, md5: string}[], sealed: string[]}} FormNote */
/** @typedef {FormNote & {plan: any}} FormHere */
/** The voices, in the order of the board; what else a pack asks comes after them. */
export const VOICES = ["child", "caregiver", "teacher", "health"];

/** The forms that are offered now, each in its newest version. @returns {Promise<FormNote[]>} */
export async function formsHere() {
  const notes = /** @type {any[]} */ ((await desk().get("setting", "plans")) ?? []).map(described);
  const newest = notes.filter((one) => !notes.some((other) => other.formId === one.formId && other.version > one.version));
  return newest.sort((one, other) => rank(one) - rank(other));
}

/** Forms that are begun for one child and are no voice, in this order. A safety note is begun on its own page, a class on
 * one screen. @param {FormNote[]} forms */
export const besideTheVoices = (forms) => ["service", "followup", "reading"].flatMap((kind) => forms.filter((form) => form.informant === kind));

/** @param {FormNote} form */
const rank = (form) => VOICES.indexOf(form.informant) + 1 || 9;

/** @param {any} value @returns {FormNote} */
const described = ({ form_id, version, informant, title, lists = [], media = [], sealed = [] }) => ({
  formId: form_id, version, informant, title, lists, media, sealed,
});

/** A draft goes on in the version it was begun in. @param {string} formId @param {string} [version] @returns {Promise<FormHere>} */
export async function formHere(formId, version) {
  const at = version ?? (await formsHere()).find((one) => one.formId === formId)?.version;
  const value = await desk().get("plan", `${formId}/${at}`);
  if (!value) throw new Error("no form");
  return { ...described(value), plan: value.plan };
}

/** @param {FormNote} here @returns {Promise<Record<string, Record<string, string>[]>>} */
export async function listsOf(here) {
  const rows = await Promise.all(here.lists.map((name) => desk().get("list", name)));
  return Object.fromEntries(await Promise.all(here.lists.map(async (name, at) => [name, await withRegistered(name, rows[at]?.rows ?? [])])));
}

/** The bytes of a picture or sound of a form. @param {FormNote} here @param {string} name */
export async function mediaOf(here, name) {
  const entry = here.media.find((each) => each.name === name);
  return entry ? desk().get("file", `media/${entry.md5}`) : undefined;
}

export const devicePlan = () => desk().get("meaning", "meaning");
