// The tablet's store: encrypted, one by one, for one person; nothing finalised is lost with a key.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Database, DAY, openStore, STEPS, tablet } from "./tablet.mjs";

const { boxed } = await import("../../field/src/store/keys.js");
const { base64url, random } = await import("../../field/src/store/bytes.js");

const server = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
const sealKey = { id: "s1", jwk: await crypto.subtle.exportKey("jwk", server.publicKey) };
const share = () => base64url(random(32));
const someone = (name, more = {}) => ({
  token: `token-${name}`, person: { id: `p-${name}`, name: `${name} Mokoena` }, share: share(), shareDays: 7, sealKey, pin: "482915", ...more,
});
const record = (instanceId, more = {}) => ({
  instanceId, formId: "caregiver", version: "1", xml: `<data>${instanceId}</data>`, made: "2026-03-02T08:00:00Z", ...more,
});

async function everything(database) {
  const out = [];
  for (const name of ["device", "people", "records", "journal", "sealed"]) {
    const rows = await database.pairs(name, undefined);
    out.push(...rows.map((row) => JSON.stringify(row, (_, v) => (v instanceof Uint8Array ? Buffer.from(v).toString("latin1") : v))));
  }
  return out.join("\n");
}

test("what was put is there after the tablet was off, and only with the PIN", async () => {
  const { open, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await desk.put("draft", "d1", { child: "Thabo" });
  await desk.put("file", "f1", new Uint8Array([1, 2, 3]));
  await desk.put("draft", "d2", null);
  desk.lock();
  await assert.rejects(desk.get("draft", "d1"), { code: "locked" });
  const again = await open();
  assert.deepEqual(again.people(), [{ id, name: "Zanele", expired: false }]);
  const second = await again.unlock(id, "482915");
  assert.deepEqual(await second.get("draft", "d1"), { child: "Thabo" });
  assert.deepEqual([...(await second.get("file", "f1"))], [1, 2, 3]);
  assert.deepEqual((await second.all("draft")).sort(), [["d1", { child: "Thabo" }], ["d2", null]]);
  await second.remove("draft", "d1");
  assert.equal(await second.get("draft", "d1"), undefined);
});

test("a journal keeps the order of the calls, goes on after a restart and goes with its draft", async () => {
  const { open, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await Promise.all(Array.from({ length: 20 }, (_, at) => desk.note("d1", { at })));
  await desk.note("d2", "other");
  desk.lock();
  const second = await (await open()).unlock(id, "482915");
  await second.note("d1", { at: 20 });
  assert.deepEqual((await second.journal("d1")).map(({ at }) => at), Array.from({ length: 21 }, (_, at) => at));
  await second.remove("draft", "d1");
  assert.deepEqual(await second.journal("d1"), []);
  assert.deepEqual(await second.journal("d2"), ["other"]);
});

test("nothing in the database is readable or says what it is", async () => {
  const { database, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await desk.put("list", "learners", { rows: [{ name: "uuid-1", label: "Thabo Dlamini" }] });
  await desk.note("draft-of-Thabo", { hungry: "every day" });
  await desk.finalise(record("uuid:77", { xml: "<hungry>often</hungry>" }), { files: [{ name: "face.jpg", type: "image/jpeg", bytes: new TextEncoder().encode("a face") }] });
  const dump = await everything(database);
  for (const planted of ["Zanele", "Mokoena", "token-", "Thabo", "Dlamini", "every day", "often", "uuid", "learners", "draft", "outbox", "face", "482915"])
    assert.ok(!dump.includes(planted), planted);
});

test("the same value twice is two different boxes", async () => {
  const { database, store } = await tablet();
  const desk = await store.unlock(await store.enrol(someone("Zanele")), "482915");
  await desk.put("setting", "a", 1);
  const [[, first]] = await database.pairs("records", undefined);
  await desk.put("setting", "a", 1);
  const [[, second]] = await database.pairs("records", undefined);
  assert.notDeepEqual(first, second);
});

test("a box moved to another place does not open", async () => {
  const { database, store } = await tablet();
  const desk = await store.unlock(await store.enrol(someone("Zanele")), "482915");
  await desk.put("draft", "a", "A");
  await desk.put("draft", "b", "B");
  const [[one, first], [two]] = await database.pairs("records", undefined);
  assert.notDeepEqual(one, two);
  await database.write(["records"], (from) => void from("records").put(first, two));
  await assert.rejects(desk.all("draft"), { code: "damaged" });
});

test("one of several people sees only their own", async () => {
  const { store } = await tablet();
  const first = await store.enrol(someone("Zanele"));
  const second = await store.enrol(someone("Pieter", { pin: "739164" }));
  const desk = await store.unlock(first, "482915");
  await desk.put("draft", "d", "hers");
  const other = await store.unlock(second, "739164");
  assert.equal(await other.get("draft", "d"), undefined);
  assert.deepEqual(await other.all("draft"), []);
  assert.ok(desk.locked);
  await assert.rejects(store.unlock(second, "482915"), { code: "wrong_pin", left: 4 });
});

test("nobody is enrolled twice, and nobody with a PIN that is easy to guess", async () => {
  const { store } = await tablet();
  for (const pin of ["123", "0000", "1234", "987654", "12a4", ""]) await assert.rejects(store.enrol(someone("Zanele", { pin })), { code: "weak_pin" }, pin);
  await store.enrol(someone("Zanele"));
  await assert.rejects(store.enrol(someone("Zanele")), { code: "already" });
});

test("the fifth wrong PIN destroys what can be read, also over restarts; what was finalised stays sealed", async () => {
  const { database, open, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await desk.put("draft", "d", "a draft");
  await desk.finalise(record("uuid:1"));
  desk.lock();
  for (const left of [4, 3, 2, 1]) await assert.rejects((await open()).unlock(id, "111222"), { code: "wrong_pin", left });
  const last = await open();
  await assert.rejects(last.unlock(id, "111222"), { code: "wiped" });
  await assert.rejects(last.unlock(id, "482915"), { code: "wiped" });
  assert.deepEqual(last.people(), []);
  assert.equal((await database.pairs("records", undefined)).length, 0);
  const after = await open();
  assert.deepEqual(after.everybody(), [id]);
  assert.equal(after.key(id).token, "token-Zanele");
  const [[hash]] = await after.sealed(id);
  await after.dropSealed(id, [hash]);
  assert.deepEqual(after.everybody(), []);
});

test("a right PIN forgives the wrong ones before it", async () => {
  const { store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  for (let round = 0; round < 3; round++) {
    for (const left of [4, 3]) await assert.rejects(store.unlock(id, "111222"), { left });
    (await store.unlock(id, "482915")).lock();
  }
});

test("after its days nothing opens, until the server gives the same share again", async () => {
  const { clock, database, open, store } = await tablet();
  const zanele = someone("Zanele");
  const id = await store.enrol(zanele);
  const desk = await store.unlock(id, "482915");
  await desk.put("draft", "d", "a draft");
  desk.lock();
  clock.time += 7 * DAY - 1000;
  (await store.unlock(id, "482915")).lock();
  clock.time += 2000;
  const later = await open();
  assert.deepEqual(later.people(), [{ id, name: "Zanele", expired: true }]);
  await assert.rejects(later.unlock(id, "482915"), { code: "expired", why: "time" });
  const [[, entry]] = await database.pairs("people", undefined);
  assert.equal(entry.share, undefined, "the share is gone from the tablet");
  clock.time -= 2 * 3_600_000;
  await assert.rejects(later.unlock(id, "482915"), { code: "expired" }, "a clock set back gives nothing back");
  assert.equal(await later.renew(id, { ...zanele, share: share() }), false, "another share is not taken");
  assert.equal(await later.renew(id, zanele), true);
  assert.equal(await (await later.unlock(id, "482915")).get("draft", "d"), "a draft");
});

test("the right PIN on the right tablet opens nothing with another share", async () => {
  const { database, open, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const wrap = await database.get("device", "key");
  const entry = await database.get("people", id);
  const other = { ...entry, share: await boxed(wrap, `${id} share`, random(32)) };
  await database.write(["people"], (from) => void from("people").put(other));
  await assert.rejects((await open()).unlock(id, "482915"), { code: "wrong_pin" });
  await database.write(["people"], (from) => void from("people").put({ ...entry, device: other.device, salt: random(16) }));
  await assert.rejects((await open()).unlock(id, "482915"), { code: "wrong_pin" });
  await database.write(["people"], (from) => void from("people").put(entry));
  (await (await open()).unlock(id, "482915")).lock();
});

test("a clock set back by more than a day opens nothing until it is right again; small steps back give no time", async () => {
  const { clock, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  clock.time -= 2 * DAY;
  await assert.rejects(store.unlock(id, "482915"), { code: "expired", why: "clock" });
  clock.time += 2 * DAY;
  (await store.unlock(id, "482915")).lock();
  for (let day = 0; day < 7; day++) { // back by twelve hours, on by twelve hours: 3.5 days of use
    clock.time -= DAY / 2;
    (await store.unlock(id, "482915")).lock();
    clock.time += DAY / 2;
    (await store.unlock(id, "482915")).lock();
  }
  const desk = await store.unlock(id, "482915");
  assert.equal(Math.round(desk.left() / (DAY / 2)), 7);
});

test("an interview that goes on when the time is over may be ended; then the desk is locked", async () => {
  const { clock, store } = await tablet();
  const desk = await store.unlock(await store.enrol(someone("Zanele")), "482915");
  let why = "";
  desk.onlocked = (reason) => (why = reason);
  clock.time += 7 * DAY + 3_600_000;
  await desk.note("d", "the last answers");
  await desk.finalise(record("uuid:1"), { draft: "d" });
  clock.time += DAY;
  await desk.get("draft", "d").catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(why, "expired");
});

test("a PIN can be changed by who knows the old one", async () => {
  const { store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await desk.put("draft", "d", 1);
  await assert.rejects(store.changePin(id, "000111", "739164"), { code: "wrong_pin" });
  await store.changePin(id, "482915", "739164");
  await assert.rejects(store.unlock(id, "482915"), { code: "wrong_pin" });
  assert.equal(await (await store.unlock(id, "739164")).get("draft", "d"), 1);
});

test("finalising is one step: record, files, sealed copy in, draft and journal out", async () => {
  const { store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await desk.put("draft", "d", {});
  await desk.note("d", 1);
  await desk.finalise(record("uuid:1", { keep: { a: 1 } }), { draft: "d", files: [{ name: "p.jpg", type: "image/jpeg", bytes: new Uint8Array(9) }] });
  const kept = await desk.get("outbox", "uuid:1");
  assert.equal(kept.state, "here");
  assert.equal((await desk.get("file", "uuid:1/p.jpg")).length, 9);
  assert.equal((await store.sealed(id)).length, 1);
  assert.deepEqual([await desk.all("draft"), await desk.journal("d")], [[], []]);
  await desk.received(kept, { receivedAt: "2026-03-02", state: "in case" });
  assert.deepEqual([await desk.all("outbox"), await desk.all("file"), await store.sealed(id)], [[], [], []]);
  assert.deepEqual((await desk.get("receipt", "uuid:1")).keep, { a: 1 });
});

test("finished twice, there is one record with one sealed copy, and no file of the first", async () => {
  const { store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  const file = (name) => ({ name, type: "image/jpeg", bytes: new Uint8Array(9) });
  await Promise.all([
    desk.finalise(record("uuid:1", { made: "2026-03-02T08:00:00Z" }), { files: [file("p.jpg"), file("q.jpg")] }),
    desk.finalise(record("uuid:1", { made: "2026-03-02T08:00:01Z" }), { files: [file("p.jpg")] }),
  ]);
  const kept = await desk.get("outbox", "uuid:1");
  assert.equal(kept.made, "2026-03-02T08:00:01Z");
  assert.deepEqual((await store.sealed(id)).map(([hash]) => hash), [kept.envelope]);
  assert.deepEqual((await desk.all("file")).map(([name]) => name), ["uuid:1/p.jpg"]);
});

test("what is finished while another tab has wiped the person is still there to be sent", async () => {
  const { open, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await (await open()).wipe(id);
  await desk.finalise(record("uuid:1"));
  const later = await open();
  assert.deepEqual([later.people(), later.everybody(), (await later.sealed(id)).length], [[], [id], 1]);
});

test("a sealed answer cannot be read again on the tablet", async () => {
  const { store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await desk.finalise(record("uuid:1", { sealed: true, xml: "<data>secret</data>" }), { files: [{ name: "p.jpg", type: "image/jpeg", bytes: new Uint8Array(9) }] });
  assert.equal((await desk.get("outbox", "uuid:1")).xml, "");
  assert.deepEqual(await desk.all("file"), []);
  assert.ok((await desk.carried(await desk.get("outbox", "uuid:1"))).length > 200);
});

test("a full tablet says so, and what was there stays", async () => {
  const { store } = await tablet();
  const desk = await store.unlock(await store.enrol(someone("Zanele")), "482915");
  await desk.put("draft", "d", "before");
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };
  await assert.rejects(desk.change([{ kind: "draft", id: "x" }, { kind: "draft", id: "d", value: "after" }]), { code: "full" });
  await assert.rejects(desk.note("d", 1), { code: "full" });
  IDBObjectStore.prototype.put = put;
  assert.equal(await desk.get("draft", "d"), "before");
  await desk.note("d", 2);
  assert.deepEqual(await desk.journal("d"), [2]);
});

test("on a full tablet a received record still makes room", async () => {
  const { store } = await tablet();
  const desk = await store.unlock(await store.enrol(someone("Zanele")), "482915");
  await desk.finalise(record("uuid:1"), { files: [{ name: "p.jpg", type: "image/jpeg", bytes: new Uint8Array(9) }] });
  const kept = await desk.get("outbox", "uuid:1");
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };
  await desk.received(kept, { receivedAt: "", state: "in case" });
  IDBObjectStore.prototype.put = put;
  assert.deepEqual([await desk.all("outbox"), await desk.all("file")], [[], []]);
});

test("a connection that died is opened again, and a note that had been written is not written twice", async () => {
  const { database, store } = await tablet();
  const desk = await store.unlock(await store.enrol(someone("Zanele")), "482915");
  await desk.note("d", 0);
  store.database.close(); // as iOS does under pressure
  await desk.note("d", 1);
  const transaction = IDBDatabase.prototype.transaction;
  let lies = 1;
  IDBDatabase.prototype.transaction = function (...how) {
    const real = transaction.apply(this, how);
    if (how[1] === "readwrite" && lies-- > 0)
      Object.defineProperty(real, "oncomplete", { set(then) { real.addEventListener("complete", () => real.onabort?.()); } });
    return real;
  };
  await desk.note("d", 2); // complete, but the tab was told it was not
  IDBDatabase.prototype.transaction = transaction;
  await desk.note("d", 3);
  assert.deepEqual(await desk.journal("d"), [0, 1, 2, 3]);
  assert.ok(database);
});

test("without IndexedDB the store says unavailable", async () => {
  const { open } = indexedDB.constructor.prototype;
  indexedDB.constructor.prototype.open = () => { throw new DOMException("private", "InvalidStateError"); };
  await assert.rejects(openStore({ database: new Database("private") }), { code: "unavailable" });
  indexedDB.constructor.prototype.open = open;
});

test("a newer program upgrades the database, the older tab steps aside and says so", async () => {
  const { database, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await desk.put("draft", "d", 1);
  const newer = new Database(database.name, [...STEPS, (upgraded) => void upgraded.createObjectStore("later")]);
  const second = await openStore({ database: newer });
  assert.equal(second.people().length, 1);
  await assert.rejects(desk.put("draft", "d", 2), { code: "newer" });
});

test("two tabs have one writer, and the second may take over", async () => {
  const { open, store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const first = await store.unlock(id, "482915");
  const tab = await open();
  await assert.rejects(tab.unlock(id, "482915"), { code: "busy" });
  first.lock();
  const second = await tab.unlock(id, "482915");
  const third = await store.unlock(id, "482915", { takeOver: true });
  await third.put("draft", "d", 1);
  [second, third].forEach((desk) => desk.lock());
});

test("a wiped person can be enrolled again beside their sealed records", async () => {
  const { store } = await tablet();
  const id = await store.enrol(someone("Zanele"));
  const desk = await store.unlock(id, "482915");
  await desk.finalise(record("uuid:1"));
  await desk.wipe();
  assert.ok(desk.locked);
  const fresh = await store.enrol(someone("Zanele"));
  assert.deepEqual(store.people().map((one) => one.id), [fresh]);
  assert.deepEqual(store.everybody().sort(), [id, fresh].sort());
  assert.equal((await store.sealed(id)).length, 1);
});
