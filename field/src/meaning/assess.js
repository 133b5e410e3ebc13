// The device plan and a child's answers in, the assessment the server would make of them out.
/** @import * as T from "./types.js" */
import { lmsAt } from "./growth.js";
import { days, read } from "./read.js";
import { outputsOf } from "./terms.js";

/** @type {[string][]} */
const CONTEXT = [["sex"], ["age_days"], ["age_months"], ["language"], ["grade"]];

/** Something about each row, by its name. @type {T.Table} */
const table = (rows, about) => Object.fromEntries(rows.map((row) => [row[0], about(row)]));

/** As assessment.py says it, key for key. @type {T.Assess} */
export const assess = (plan, answers, told) => judge(plan, given(plan, answers, told));

/** Typed answers and facts. @type {T.Given} */
export function given(plan, answers, { sex, birth_date, language, grade, on }) {
  const born = days(birth_date ?? "");
  const day = days(on ?? "");
  const age = born !== null && day !== null ? day - born : -1;
  /** @type {T.Facts} */
  const facts = { sex, age_days: age < 0 ? null : age, language, grade, assessed_on: day };
  return table(plan.inputs, (input) => (input[3] ? (facts[input[0]] === "" ? null : facts[input[0]]) : read(input, answers[input[0]] ?? "")));
}

/** The columns of every evaluator. @type {T.Flat} */
export function flatResult(plan, given) {
  const outputs = outputsOf(plan, plan.inputs.map(([name]) => given[name] ?? null));
  const scales = table(plan.scales, ([name]) => [name + "__band", name + "__could_be", name + "__answered"]);
  const names = [
    ...CONTEXT,
    ...plan.named.map((name) => [name, ...(scales[name] ?? [])]),
    ...plan.flags.map(([name]) => "flag__" + name),
    ...plan.strengths.map(([name]) => "strength__" + name),
    ...plan.alerts.map(([name]) => "alert__" + name),
    ...plan.domains.map(([name]) => [name + "__level", name + "__have", name + "__could_be", name + "__differ"]),
    ...plan.told,
  ].flat();
  return Object.fromEntries(names.map((name, at) => [name, outputs[at]]));
}

/** @type {T.Judge} */
export function judge(plan, given) {
  const flat = flatResult(plan, given);
  /** @type {T.Column} */
  const column = (prefix) => ([name]) => flat[prefix + name];
  const flag = column("flag__");

  /** @type {T.WhyNot} */
  function whyNoGrowth(name, of, norms) {
    const { sex, age_days, age_months } = flat;
    if (flat[name + "__answered"] < of) return "not measured";
    if (!/^(fe)?male$/.test(sex) || age_months === null) return "age or sex not known";
    if (flat[name + "__excluded"]) return "excluded";
    const norm = norms.find(([from, below]) => age_months >= (from ?? 0) && age_months < (below ?? Infinity));
    const lms = norm && lmsAt(plan.constants[norm[2]], sex, age_days, age_months);
    return lms && !lms.some(isNaN) ? "implausible" : "outside the norm's ages";
  }

  return {
    pack: plan.pack,
    version: plan.version,
    pack_hash: plan.hash,
    input_hash: "",
    scores: table(plan.scales, ([name, of, , norms]) => ({
      value: flat[name],
      band: flat[name + "__band"],
      could_be_band: flat[name + "__could_be"],
      answered: flat[name + "__answered"],
      of,
      why_missing:
        flat[name] !== null ? null
        : norms ? whyNoGrowth(name, of, norms)
        : flat[name + "__implausible"] ? "implausible" : "too few answers",
    })),
    flags: table(plan.flags, flag),
    strengths: table(plan.strengths, column("strength__")),
    domains: table(plan.domains, ([name, needs, need, flags, voices]) => ({
      level: flat[name + "__level"],
      raised: flags.map((place) => plan.flags[place]).filter(flag).map(([name]) => name),
      have: flat[name + "__have"],
      need,
      missing: needs.filter((each) => ((each in flat ? flat : given)[each] ?? flat[each + "__band"] ?? null) === null),
      could_be: flat[name + "__could_be"],
      informants_differ: flat[name + "__differ"],
      said: table(Object.entries(voices), ([, places]) => {
        const truths = places.map((place) => flag(plan.flags[place]));
        return truths.includes(true) ? "concern" : truths.includes(null) ? "not known" : "no concern";
      }),
    })),
    alerts: table(plan.alerts, column("alert__")),
    context: table(CONTEXT, column("")),
  };
}

/** The alerts that are true, the most urgent first, with what to say now. @type {T.AlertsOf} */
export const alertsOf = ({ alerts, words }, result, language) =>
  ["now", "today", "week"].flatMap((urgent) =>
    alerts
      .filter(([name, urgency]) => urgency == urgent && result.alerts[name])
      .map(([name, urgency, informant]) => ({ name, urgency, informant, say: words[language]?.alerts[name] ?? words.en?.alerts[name] ?? "" })),
  );
