// A correction of a record with sealed answers: what was not asked again is named in the instance, and nothing else is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openForm } from "../../field/src/forms/form.js";
import { finished } from "../../field/src/visits/caseload.js";
import { workAt } from "../../field/src/visits/desk.js";
import { begin, resume } from "../../field/src/visits/interview.js";
import { leftUnderSeal } from "../../field/src/visits/under_seal.js";
import { plansOf } from "./plans.mjs";

const TALK = `| survey | | | | | |
| | type | name | label | relevant | calculation | required |
| | select_one yn | agrees | Agrees? | | | yes |
| | select_one yn | hurt | Hurt? | \${agrees} = 'y' | | yes |
| | text | by_whom | By whom? | \${hurt} = 'y' | | yes |
| | begin_group | after | After | \${hurt} = 'y' | | |
| | integer | since | Since? | | | |
| | end_group | | | | | |
| | calculate | due | | | if(\${hurt} = 'y', 1, 0) | |
| | note | help | Stay with the child. | \${due} = 1 | | |
| | text | liked | What do you like? | | | yes |
| | calculate | words | | | string-length(\${liked}) | |
| | text | unless | Where do you play? | \${hurt} != 'y' | | yes |
| | begin_repeat | friends | Friend | | | |
| | text | told | Told? | | | |
| | end_repeat | | | | | |
| choices | | | | | |
| | list_name | name | label | | | |
| | yn | y | Yes | | | |
| | yn | n | No | | | |
`;
const { talk } = plansOf({ talk: TALK });
const here = { plan: talk, sealed: ["hurt", "by_whom", "told"] };
const around = { lists: {}, now: () => new Date(), uuid: () => "u", deviceId: "", username: "", language: "en" };
const saved = { "/data/agrees": "y", "/data/liked": "song", "/data/words": "4", "/data/after/since": "3" };
const open = (more = {}) => openForm(talk, around, { ...saved, ...more });
const left = (form) => [...leftUnderSeal(here, form)].sort();

test("what is sealed stays, with what hangs on it: calculated from it, or hidden because it is blank", () => {
  assert.deepEqual(left(open()), ["by_whom", "due", "hurt", "since", "told"]);
});

test("what is asked again is what is said now, and what it decides is decided", () => {
  const form = open();
  form.answer("/data/hurt", "n");
  assert.deepEqual(left(form), ["told"]); // an earlier "by whom" must not come back
  form.answer("/data/hurt", "y");
  assert.deepEqual(left(form), ["by_whom", "told"]);
  form.answer("/data/by_whom", "he");
  assert.deepEqual(left(form), ["told"]);
  form.answer("/data/hurt", "");
  assert.deepEqual(left(form), ["by_whom", "due", "hurt", "since", "told"]);
});

test("what the answers seen here take out of the talk is not kept", () => {
  const form = open();
  form.answer("/data/agrees", "n");
  assert.deepEqual(left(form), ["told"]);
});

test("a question shown because a sealed one is blank is the person's own to answer", () => {
  const form = open({ "/data/unless": "outside" });
  assert.ok(!left(form).includes("unless"));
});

// With a desk in memory

function deskWith(locked) {
  const note = { form_id: "talk", version: "1", informant: "child", title: { en: "Talk" }, lists: [], media: [], sealed: here.sealed };
  const kept = new Map(Object.entries({ "setting plans": [note], "plan talk/1": { ...note, plan: talk } }));
  const journals = new Map();
  return {
    record: undefined,
    replaces: { instanceId: "uuid:first", version: "1", values: saved, locked },
    get: async (kind, id) => kept.get(`${kind} ${id}`),
    all: async (kind) => [...kept].filter(([id]) => id.startsWith(`${kind} `)).map(([id, value]) => [id.slice(kind.length + 1), value]),
    put: async (kind, id, value) => void kept.set(`${kind} ${id}`, JSON.parse(JSON.stringify(value))),
    remove: async (kind, id) => void kept.delete(`${kind} ${id}`),
    note: async (draft, entry) => void journals.set(draft, [...(journals.get(draft) ?? []), entry]),
    journal: async (draft) => journals.get(draft) ?? [],
    async finalise(record) {
      this.record = record;
      kept.set(`outbox ${record.instanceId}`, { ...record, state: "here", tries: 0 });
    },
  };
}

async function correcting(locked, work) {
  const desk = deskWith(locked);
  workAt(/** @type {any} */ (desk));
  globalThis.DOMParser = /** @type {any} */ (class { parseFromString() { return { querySelector: () => null }; } });
  const interview = await begin({ formId: "talk", child: { id: "c", name: "C" }, replaces: desk.replaces });
  await work(interview, desk);
  return desk;
}

test("the record names them beside the version it corrects, and is itself one with answers under seal", async () => {
  const { record } = await correcting(2, async (interview) => {
    interview.answer("/data/liked", "songs");
    interview.answer("/data/unless", "outside");
    assert.deepEqual(interview.check(), [], "nobody is made to answer again what is under seal");
    await interview.finish();
  });
  const kept = /<deprecatedID>uuid:first<\/deprecatedID><keptAnswers>([^<]*)<\/keptAnswers><\/meta>/.exec(record.xml)?.[1];
  assert.deepEqual(kept?.split(" ").sort(), ["by_whom", "due", "hurt", "since", "told"]);
  assert.ok(!/<hurt>|<by_whom>/.test(record.xml));
  assert.ok(record.keep.locked > 0, "its own correction leaves them as they are, too");
  assert.equal(record.keep.values["/data/after/since"], "3");
});

test("after a night the draft still knows what it leaves", async () => {
  await correcting(1, async (interview) => {
    interview.answer("/data/unless", "outside");
    await interview.putAway();
    const again = await resume(interview.draft.id);
    assert.ok(again?.left().has("hurt"));
    assert.deepEqual(again?.check(), []);
  });
});

test("a record in which nothing is sealed is corrected as ever: a blank is a blank, and what must be answered must be", async () => {
  const { record } = await correcting(0, async (interview) => {
    assert.deepEqual(interview.check().map(({ key }) => key), ["/data/hurt", "/data/unless"]);
    interview.answer("/data/agrees", "n");
    interview.answer("/data/unless", "outside");
    await interview.finish();
  });
  assert.ok(!record.xml.includes("keptAnswers"));
  assert.equal(record.keep.locked, 0);
});

test("what was corrected here is not corrected a second time beside it", async () => {
  const desk = await correcting(1, async (interview) => {
    interview.answer("/data/unless", "outside");
    await interview.finish();
  });
  await desk.put("receipt", "uuid:first", { instanceId: "uuid:first", made: "2026-03-01", keep: { locked: 1 } });
  assert.deepEqual((await finished()).map(({ instanceId, replaced }) => [instanceId === "uuid:first", replaced]), [[false, false], [true, true]]);
  workAt(null);
});
