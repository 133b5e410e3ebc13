// What lies between the screens and the store, with a desk in memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { workAt } from "../../field/src/visits/desk.js";
import { letGoOfMet, registeredHere, remember } from "../../field/src/visits/registered_here.js";

const child = (id) => ({ id, label: id, row: {} });
const receipt = (id, state, receivedAt) => [`uuid:${id}`, { keep: { informant: "register", child: id }, state, receivedAt }];

/** @param {any} has */
function deskWith({ registered, today, rows = [], receipts = [] }) {
  const kept = new Map([["setting registered", registered], ["today today", today], ["list learners", { rows }]]);
  return {
    puts: 0,
    get: async (kind, id) => kept.get(`${kind} ${id}`),
    all: async () => receipts,
    async put(kind, id, value) {
      this.puts += 1;
      kept.set(`${kind} ${id}`, value);
    },
  };
}
const left = async (desk) => (await letGoOfMet(desk), (await desk.get("setting", "registered")).map(({ id }) => id));

test("a child registered here goes once the server has shown it, and does not come back", async () => {
  const desk = deskWith({ registered: ["a", "b", "c"].map(child), today: { as_of: "2026-11-22T06:00:00+00:00", children: [{ id: "a" }] }, rows: [{ name: "b" }] });
  assert.deepEqual(await left(desk), ["c"]);
  assert.equal(desk.puts, 1);
  assert.deepEqual(await left(desk), ["c"]);
  assert.equal(desk.puts, 1);
});

test("a child the server has made a case of, and does not show to this person, goes", async () => {
  const receipts = [
    receipt("in a case", "in case", "2026-11-22T05:00:00+00:00"),
    receipt("after the list", "in case", "2026-11-22T07:00:00+00:00"),
    receipt("somebody must look", "quarantined", "2026-11-22T05:00:00+00:00"),
  ];
  const registered = ["in a case", "after the list", "somebody must look", "not sent"].map(child);
  const desk = deskWith({ registered, today: { as_of: "2026-11-22T06:00:00+00:00", children: [] }, receipts });
  assert.deepEqual(await left(desk), ["after the list", "somebody must look", "not sent"]);
});

test("before the server was met, nobody goes", async () => {
  const receipts = [receipt("a", "in case", "2026-11-22T05:00:00+00:00")];
  assert.deepEqual(await left(deskWith({ registered: [child("a")], today: undefined, receipts })), ["a"]);
});

test("a child is on the lists with its record and not without: a kill, or a full tablet, leaves none behind", async () => {
  const desk = deskWith({ registered: [child("a")], today: undefined });
  workAt(/** @type {any} */ (desk));
  await assert.rejects(remember(child("b"), async () => { throw new Error("full"); }));
  assert.deepEqual((await registeredHere()).map(({ id }) => id), ["a"]);
  await remember(child("b"), ({ kind, id, value }) => desk.put(kind, id, value));
  assert.deepEqual((await registeredHere()).map(({ id }) => id), ["a", "b"]);
  workAt(null);
});

test("a child registered here has the grade of its class, as the server will have it", async () => {
  const classes = [
    { school: "1", name: "1B", grade: "1" }, { school: "1", name: "RA", grade: "R" }, { school: "1", name: "1A", grade: "1" },
    { school: "2", name: "1C", grade: "2" },
  ];
  const desk = deskWith({ registered: [], today: { as_of: "2026-11-22T06:00:00+00:00", classes, children: [] } });
  workAt(/** @type {any} */ (desk));
  const place = async (row) => {
    await remember({ ...child("a"), row: { school_emis: "1", ...row } }, ({ kind, id, value }) => desk.put(kind, id, value));
    const { class_name, grade } = (await registeredHere())[0].row;
    return [class_name, grade];
  };
  assert.deepEqual(await place({ class_name: " 1b", grade: "R" }), ["1B", "1"]);
  assert.deepEqual(await place({ class_name: "", grade: "R" }), ["RA", "R"], "the only one of its grade");
  assert.deepEqual(await place({ class_name: "", grade: "1" }), ["", "1"], "one of two");
  assert.deepEqual(await place({ class_name: "1C", grade: "R" }), ["RA", "R"], "another school's class decides nothing");
  assert.deepEqual(await place({ class_name: "3A", grade: "3" }), ["3A", "3"], "a class nobody has written down yet");
  workAt(null);
});
