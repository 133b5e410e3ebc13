// What was assessed comes in; the JSON the server stores of the same answers, to the last byte, goes out.
import { judge } from "./assess.js";
import { sha256 } from "./sha256.js";
/** @typedef {import("./types.js").DevicePlan} DevicePlan */
/** @typedef {import("./types.js").Values} Values */

/** A measured number always shows that it is one: 2.0, 1e16. @param {any} value */
function measuredNumber(value) {
  if (value === null) return null;
  const size = Math.abs(value);
  if (size && (size < 1e-5 || size >= 1e16)) return `\0${value.toExponential().replace("+", "")}`;
  return `\0${Object.is(value, -0) ? "-0" : value}${Number.isInteger(value) ? ".0" : ""}`;
}

/** @param {any} value what begins with \0 is a number as it is to stand @returns {string} */
const text = (value) =>
  JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `\0${each}` : each)).replace(/"\\u0000([^"]*)"/g, "$1");

/** SHA-256 over the pack's hash and every known value the pack reads. @param {DevicePlan} plan @param {Values} given */
function inputHash(plan, given) {
  const known = plan.inputs.filter(([name]) => (given[name] ?? null) !== null);
  const pairs = known.map(([name, kind]) => [name, kind === "d" ? measuredNumber(given[name]) : given[name]]);
  return sha256(text([plan.hash, pairs]));
}

/** @param {DevicePlan} plan @param {Values} given as `given` of assess.js reads it @returns {string} */
export function written(plan, given) {
  const result = judge(plan, given);
  const scores = plan.scales.map(([name, , isMeasured]) => {
    const score = result.scores[name];
    return [name, { ...score, value: isMeasured ? measuredNumber(score.value) : score.value }];
  });
  return text({
    ...result,
    input_hash: inputHash(plan, given),
    scores: Object.fromEntries(scores),
    context: { ...result.context, age_months: measuredNumber(result.context.age_months) },
  });
}
