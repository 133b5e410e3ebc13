// The interview at hand, one at a time; small, because the lock asks for it before any form is loaded.
import { desk } from "./desk.js";

/** @type {import("./interview.js").Interview | null} */
let atHand = null;
export const openInterview = () => atHand;

/** The tablet remembers what was open, so that a kill leads back to it. @param {import("./interview.js").Interview | null} interview */
export async function takeUp(interview) {
  const had = atHand;
  if (had && had !== interview) await putInterviewAway().catch(() => {});
  atHand = interview;
  if (interview) await desk().put("setting", "at", { draft: interview.draft.id });
  else if (had) await desk().remove("setting", "at");
}

/** Everything typed so far is kept; the interview stays where it is. */
export async function putInterviewAway() {
  if (!atHand || atHand.finished) return;
  await atHand.kept();
  await atHand.putAway();
}

export function forgetInterview() {
  atHand = null;
}

/** @returns {Promise<import("./interview.js").Draft[]>} the newest first */
export async function drafts() {
  const all = await desk().all("draft");
  return all.map(([, draft]) => draft).sort((one, other) => other.touched - one.touched);
}

/** @param {string} id */
export const throwAway = (id) => desk().remove("draft", id);
