// The two readings of a measurement in; which to keep, the z-score and what to ask of the nurse out.
import { measured } from "../meaning/measured.js";
import { toldBy } from "./result.js";

/** Which question is the second reading of which: `h_weight_again` of `h_weight_kg`. @param {any[]} questions @returns {{first: any, again: any, kind: "weight"|"height"}[]} */
export function pairs(questions) {
  return questions.flatMap((again) => {
    const stem = /^(.*)_again$/.exec(again.name)?.[1];
    const first = stem && questions.find((one) => one !== again && one.name.startsWith(stem + "_") && !one.name.endsWith("_again"));
    const kind = stem?.endsWith("weight") ? "weight" : stem?.endsWith("height") ? "height" : null;
    return first && kind ? [{ first, again, kind: /** @type {"weight"|"height"} */ (kind) }] : [];
  });
}

/** @param {any} plan @param {"weight"|"height"} kind @param {string[]} readings @param {Record<string, string>} answers */
export const judged = (plan, kind, [first, second = "", third = ""], answers) =>
  measured(plan, kind, first, second, third, toldBy(answers), answers);
