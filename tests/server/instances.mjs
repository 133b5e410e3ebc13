// A plan, the row of a child and many sets of answers on standard input; the instances a tablet would make of them out.
//
// As on a tablet, an answer that breaks its constraint does not stay, and what is not asked is not in the instance.

import { openForm } from "../../field/src/forms/form.js";

let given = "";
for await (const piece of process.stdin) given += piece;
const { plan, row, sets } = JSON.parse(given);

const instances = sets.map((answers) => {
  const [year, month, day] = answers["/today"].split("-").map(Number);
  const around = {
    lists: { learners: [row] },
    now: () => new Date(year, month - 1, day),
    uuid: () => "",
    deviceId: "paper:X",
    username: "a+b",
    language: "en",
  };
  const form = openForm(plan, around, null);
  const root = `/${plan.nodes[0][0]}`;
  form.answer(`${root}/learner`, row.name);
  for (const [place, text] of Object.entries(answers)) if (place !== "/today") form.answer(root + place, text);
  for (;;) {
    const broken = form.check().filter((one) => one.kind !== "required");
    if (!broken.length) break;
    for (const { key } of broken) form.answer(key, "");
  }
  return form.instance({ instanceId: "uuid:x" });
});
process.stdout.write(JSON.stringify(instances));
