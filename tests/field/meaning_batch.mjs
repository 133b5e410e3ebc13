// For tests/analysis/test_device_meaning.py: lines of {plan, children, told, texts, powers} in, lines of what the
// device makes of them out.
import { createInterface } from "node:readline";

import { assess, flatResult, given, judge } from "../../field/src/meaning/assess.js";
import { growthScore } from "../../field/src/meaning/growth.js";
import { written } from "../../field/src/meaning/written.js";
import { measured } from "../../field/src/meaning/measured.js";
import { power } from "../../field/src/meaning/power.js";

const exact = (value) =>
  JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `\0${each}` : Object.is(each, -0) ? "\0-0.0" : each)).replace(
    /"\\u0000([^"]*)"/g,
    "$1",
  );

const DO = {
  children: (plan, children) => children.map((each) => flatResult(plan, each)),
  judged: (plan, children) => children.map((each) => written(plan, each)),
  quick: (plan, children) => children.map((each) => judge(plan, each)).length,
  assessed: (plan, forms) => forms.map(([answers, told]) => written(plan, given(plan, answers, told))),
  same: (plan, forms) => forms.map(([answers, told]) => exact(assess(plan, answers, told)) === exact(judge(plan, given(plan, answers, told)))),
  texts: (plan, forms) => forms.map((answers) => given(plan, answers, {})),
  grown: (plan, rows) => rows.map(([table, ...row]) => growthScore(plan.constants[table], ...row)),
  measured: (plan, rows) => rows.map((row) => measured(plan, ...row)),
  powers: (_, pairs) => pairs.map(([base, exponent]) => power(base, exponent)),
};

let plan;
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  plan = asked.plan ?? plan;
  const out = {};
  for (const [name, rows] of Object.entries(asked)) {
    if (DO[name]) {
      const start = performance.now();
      out[name] = DO[name](plan, rows);
      out[`${name}_ms`] = performance.now() - start;
    }
  }
  process.stdout.write(`${exact(out)}\n`);
}
