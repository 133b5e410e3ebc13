// A child's sex, age and measurement and a table of L, M and S in, a z-score in hundredths out; as growth.py, whose
// errors are NaN here.
/** @import * as T from "./types.js" */
import { power } from "./power.js";

/** Second differences of whole numbers, or the numbers themselves. @type {T.Numbers} */
function numbers(column, count) {
  const scale = +`1e${column[0]}`;
  let value = 0;
  let step = 0;
  return column[0] < 0 ? column.slice(1) : Array.from(Array(count), (_, at) => (value += step += column[at + 1] ?? 0) / scale);
}

/** Between two rows in proportion. @type {T.LmsAt} */
export function lmsAt({ seam, byDay, byMonth }, sex, days, ageMonths) {
  const months = days === null ? ageMonths : days / 30.4375;
  if (months === null || months < 0 || months >= 10_000) return null;
  const daily = seam === null || months < seam;
  const index = daily ? days ?? Math.floor(months * 30.4375 + 0.5) : Math.floor(months);
  const part = daily ? 0 : months - index;
  const run = (daily ? byDay : byMonth).find(([whose, first, count]) => whose === sex && first <= index && index < first + count);
  if (!run) return null;
  const [, first, count, goesOn, ...columns] = run;
  const at = index - first;
  return columns.map((column) => {
    const rows = numbers(column, at + 2);
    return part ? rows[at] + part * (at + 1 < count ? rows[at + 1] - rows[at] : goesOn ? 0 : NaN) : rows[at];
  });
}

/** @type {T.GrowthScore} */
export function growthScore(table, sex, days, months, value) {
  const lms = value === null ? null : lmsAt(table, sex, days, months);
  const hundredths = lms ? Math.floor(zScore(value, lms, table.extend) * 100 + 0.5) : NaN;
  return Math.abs(hundredths) <= 100_000 ? hundredths : null;
}

/** @type {T.ZScore} */
function zScore(value, [l, m, s], extend) {
  const ratio = value / m;
  const z = l === 0 ? (ratio > 0 ? Math.log(ratio) : NaN) / s : (power(ratio, l) - 1) / (l * s);
  if (!extend || !(Math.abs(z) > 3)) return z;
  const side = z > 0 ? 1 : -1;
  const [third, second] = [3, 2].map((sd) => m * (l === 0 ? Math.exp(s * sd * side) : power(1 + l * s * (sd * side), 1 / l)));
  return 3 * side + (value - third) / ((third - second) * side);
}
