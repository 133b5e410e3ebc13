// What the meaning does beside agreeing with Python (tests/analysis/test_device_meaning.py): alerts, readings, hashes.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { alertsOf, assess } from "../../field/src/meaning/assess.js";
import { measured } from "../../field/src/meaning/measured.js";
import { power } from "../../field/src/meaning/power.js";
import { sha256 } from "../../field/src/meaning/sha256.js";

// One question "hurt"; an alert when it is "yes"; height measured, with no norm to compare it with.
const EQUALS = -7;
const PLAN = {
  pack: "small", version: "1", hash: "0".repeat(64),
  inputs: [["age_days", "t", null, 1], ["age_months", "d", null, 1], ["grade", "t", null, 1], ["hurt", "t", ["yes", "no"]], ["language", "t", null, 1], ["sex", "t", null, 1]],
  constants: ["yes", "no"],
  bound: 1,
  terms: [EQUALS, 3, 6, 5, 0, 1, 4, 2, 8, 8, EQUALS, 3, 7, 8],
  named: [], told: [], scales: [], flags: [], strengths: [], domains: [],
  alerts: [["later", "week", "child"], ["at_once", "now", "child"], ["never", "today", ""], ["soon", "today", "child"]],
  words: { en: { alerts: { later: "Later.", at_once: "Stay.", never: "", soon: "Call." } }, fr: { alerts: { at_once: "Restez." } } },
  measures: { height: ["h", 0.75, []] },
}; // prettier-ignore

test("alerts that are true come out, the most urgent first, in the language or else in English", () => {
  const result = assess(PLAN, { hurt: " yes " }, { sex: "female" });
  assert.deepEqual(result.alerts, { later: true, at_once: true, never: false, soon: true });
  assert.deepEqual(alertsOf(PLAN, result, "fr").map(({ name, say }) => [name, say]), [["at_once", "Restez."], ["soon", "Call."], ["later", "Later."]]);
});

test("nothing answered is not known, and raises nothing", () => {
  for (const answers of [{}, { hurt: "" }, { hurt: "dk" }, { hurt: "perhaps" }]) {
    const result = assess(PLAN, answers, {});
    assert.equal(result.alerts.at_once, null);
    assert.deepEqual(alertsOf(PLAN, result, "en"), []);
  }
});

test("of the readings the two closest are kept as they were measured", () => {
  const told = (...readings) => {
    const { value, again, message } = measured(PLAN, "height", ...readings);
    return [value, again, message];
  };
  assert.deepEqual(told("118.5"), ["118.5", "", "measure_again"]);
  assert.deepEqual(told("118.5", "118.9"), ["118.5", "118.9", ""]);
  assert.deepEqual(told("118.5", "117.8"), ["118.5", "117.8", ""]);
  assert.deepEqual(told("118.5", "119.6"), ["118.5", "119.6", "measure_third"]);
  assert.deepEqual(told("118.5", "119.6", "119.4"), ["119.6", "119.4", ""]);
  assert.deepEqual(told("118.5", "181.5", "118.6"), ["118.5", "118.6", ""]);
  assert.deepEqual(told("118.5", "121", "130"), ["118.5", "121", "measure_apart"]);
  assert.deepEqual(told("118.5", "x"), ["118.5", "x", "measure_third"]);
});

test("SHA-256 is SHA-256, at every length around a block", () => {
  for (let length = 0; length < 200; length++) {
    const text = "é".repeat(length >> 1) + "a".repeat(length & 1);
    assert.equal(sha256(text), createHash("sha256").update(text).digest("hex"));
  }
});

test("powers are exact where they can be, and never stop a tablet", () => {
  assert.equal(power(1.44, 0.5), 1.2);
  assert.equal(power(8, 1 / 3), 2);
  assert.equal(power(0.1, 1), 0.1);
  assert.equal(power(7, 0), 1);
  assert.equal(power(-2, 2), 4);
  assert.ok(Number.isNaN(power(0, -1)) && Number.isNaN(power(-2, 0.5)) && Number.isNaN(power(NaN, 1)));
  assert.equal(power(2, 1e6), Infinity);
  for (const [base, exponent] of [[1e300, 400], [1e-300, 0.001], [1 + 2 ** -52, 1e17], [1e9, -30]]) {
    const exact = base ** exponent;
    assert.ok(power(base, exponent) === exact || Math.abs(power(base, exponent) / exact - 1) < 1e-15);
  }
}); // prettier-ignore
