// Where a voice of a child stands, in a symbol and a word.
import { el } from "./dom.js";
import { day, has, spoken, t } from "../words/words.js";

const SYMBOL = { heard: "●", received: "●", sent: "◐", here: "◐", begun: "✎", left: "○", "not asked": "–" };

/** @param {import("../visits/caseload.js").Voice} voice */
export const mark = (voice) => SYMBOL[voice.state];

/** @param {import("../visits/caseload.js").Voice} voice */
export const said = (voice) => t(`voice.${voice.state.replace(" ", "_")}`, { on: day(voice.on) });

/** @param {string} informant */
export const voiceName = (informant) => (has(`who.${informant}`) ? t(`who.${informant}`) : informant);

/** @param {string} level @param {string} [more] */
export function levelTag(level, more = "") {
  const look = { high: "a", medium: "w", low: "o" }[level] ?? "u";
  return el(`b.tag.${/** @type {"a"} */ (look)}`, {}, `${{ a: "■", w: "▲", o: "●", u: "–" }[look]} ${t(`level.${look}`)}${more}`);
}

/** What a form is called; by its kind where its title is not translated. @param {import("../visits/forms_here.js").FormNote} form */
export function formName({ title, informant }) {
  const own = title[spoken()];
  return own && (spoken() === "en" || own !== title.en || !has(`who.${informant}`)) ? own : has(`who.${informant}`) ? t(`who.${informant}`) : title.en;
}
