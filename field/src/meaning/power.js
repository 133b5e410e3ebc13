// A power rounded once from 128 bits, whatever the browser's own gives.
/** @import * as T from "./types.js" */

const ONE = 1n << 128n;
const SCALE = 2 ** 128;

/** @type {T.Fixed} */
const fixed = (x) => BigInt(Math.floor(x * SCALE));

/** e^x by its series. @type {T.Exponential} */
function exponential(x) {
  let sum = ONE;
  for (let term = ONE, n = 1n; (term = (term * x) / ONE / n); n++) sum += term;
  return sum;
}

/** Farther out is no child. @type {T.Whether} */
const near = (x) => Math.abs(x) < 20;

/** @type {T.Divided} */
export function power(base, exponent) {
  const log = Math.log(base);
  if (!near(log) || !near(log * exponent)) return base === 0 && exponent < 0 ? NaN : base ** exponent;
  const start = fixed(log);
  const about = exponential(start);
  const exact = start + (2n * ONE * (fixed(base) - about)) / (fixed(base) + about);
  return Number(exponential((exact * fixed(exponent)) / ONE)) / SCALE;
}
