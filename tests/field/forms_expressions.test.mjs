// Expressions in; what JavaRosa 5.1 answered to each, on a device in Johannesburg, must come out of ours.
//
// The answers in forms_expressions.json were recorded by running JavaRosa (ODK Validate's jar) on the same form.
process.env.TZ = "Africa/Johannesburg";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { openForm } from "../../field/src/forms/form.js";
import { plansOf } from "./plans.mjs";

const cases = JSON.parse(readFileSync(new URL("forms_expressions.json", import.meta.url), "utf8"));
const attribute = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
const TYPES = { a: "int", b: "decimal", s: "string", d: "date", dt: "dateTime", m: "string", e: "string", ei: "int" };
const ROWS = [["n1", 10], ["n2", 20], ["3", 30]];

const xform = `<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">
<h:head><h:title>t</h:title><model>
<instance><data id="t" version="1">${Object.keys(TYPES).map((name) => `<${name}/>`).join("")}<r jr:template=""><x/><y/></r><r><x/><y/></r>${cases.map((_, i) => `<c${i}/>`).join("")}</data></instance>
<instance id="l"><root>${ROWS.map(([name, v]) => `<item><name>${name}</name><v>${v}</v></item>`).join("")}</root></instance>
${Object.entries(TYPES).map(([name, type]) => `<bind nodeset="/data/${name}" type="${type}"/>`).join("")}<bind nodeset="/data/r/x" type="int"/>
${cases.map(([text], i) => `<bind nodeset="/data/c${i}" type="string" calculate="${attribute(text)}"/>`).join("\n")}
</model></h:head><h:body><group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/x"/></repeat></group></h:body></h:html>`;

const SAVED = {
  "/data/a": "4", "/data/b": "2.5", "/data/s": "abc", "/data/d": "2017-03-04", "/data/dt": "2017-03-04T10:20:30.400+02:00",
  "/data/m": "x y z", "/data/r[1]/x": "1", "/data/r[2]/x": "5", "/data/r[3]": "",
};

const { plan } = plansOf({ plan: xform });
const uuid = () => "0f1e2d3c-0000-4000-8000-000000000000";
const form = openForm(plan, { lists: {}, now: () => new Date(), uuid, deviceId: "", username: "" }, SAVED);

test("there are many", () => assert.ok(cases.length > 200));

for (const [i, [text, answer]] of cases.entries())
  test(text, () => assert.equal(form.values()[`/data/c${i}`] ?? "", answer));
