// A measurement taken twice in, which readings to keep, the z-scores and what to ask of the nurse out.
/** @import * as T from "./types.js" */
import { assess } from "./assess.js";

/** @type {T.MeasuredTwice} */
export function measured(plan, kind, first, second = "", third = "", told = {}, answers = {}) {
  const [question, apart, scales] = plan.measures[kind];
  /** @type {(pair: string[]) => number} */
  const gap = ([one, other]) => Math.abs(+one - +other);
  const pairs = [[first, second], [first, third], [second, third]].filter(([one, other]) => one && other);
  const [value, again] = pairs.sort((one, other) => gap(one) - gap(other))[0] ?? [first, ""];
  const { scores } = assess(plan, { ...answers, [question]: value }, told);
  const z = scales.map((name) => scores[name]);
  const doubtful = scales.filter((name) => scores[name].why_missing == "implausible");
  return {
    value,
    again,
    message:
      again && !(gap([value, again]) < apart) ? (third ? "measure_apart" : "measure_third")
      : doubtful[0] ? "measure_doubtful"
      : again ? "" : "measure_again",
    z: Object.fromEntries(scales.map((name, at) => [name, { z: z[at].value, band: z[at].band, doubtful: doubtful.includes(name) }])),
  };
}
