// A class and a form whose questions have the appearance kh-grid in; one interview for each child that is spoken of, out.
import { drafts } from "./at_hand.js";
import { finished } from "./caseload.js";
import { formHere, formsHere } from "./forms_here.js";
import { begin, resume } from "./interview.js";

/** @type {Map<string, boolean>} */
const known = new Map();

/** The form that asks about a whole class on one screen, if the pack has one. */
export async function gridForm() {
  for (const note of await formsHere()) {
    const id = `${note.formId}/${note.version}`;
    if (!known.has(id)) known.set(id, JSON.stringify((await formHere(note.formId)).plan).includes("kh-grid"));
    if (known.get(id)) return note;
  }
  return undefined;
}

/** Interviews of the class that were begun, and children it is finished for. @param {string} formId @param {string[]} children */
export async function begunInClass(formId, children) {
  const among = new Set(children);
  const done = new Map((await finished()).filter((one) => one.formId === formId).map((one) => [one.keep.child, one]));
  /** @type {Map<string, import("./interview.js").Interview>} */
  const open = new Map();
  for (const draft of await drafts())
    if (draft.formId === formId && among.has(draft.child) && !open.has(draft.child)) {
      const interview = await resume(draft.id);
      if (interview) open.set(draft.child, interview);
    }
  return { open, done };
}

/** @param {any} form @returns {any[]} the questions of the grid, in order */
export const gridQuestions = (form) =>
  form.pages().flatMap((/** @type {any} */ page) => page.questions).map((/** @type {string} */ key) => form.question(key))
    .filter((/** @type {any} */ one) => one.control === "select1" && /\bkh-grid\b/.test(one.appearance));

/** Who needs the longer form: the form says so itself, in a question `kh_long`. @param {Record<string, string>} answers */
export const pickedOut = (answers) => ["1", "yes", "true"].includes(answers.kh_long ?? "");
export { begin };
