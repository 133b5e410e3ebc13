// Sync against a server that behaves badly: each record ends there once, and none is let go of before.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { hostile, MOODS, opened } from "./hostile.mjs";
import { DAY, PIN, tablet } from "./tablet.mjs";

const { filesToCarry, hello, keepSyncing, renew, sealedHere, sendSealed, SPREAD, sync, takeReceiptFile } = await import("../../field/src/sync/sync.js");
const { rowsOf } = await import("../../field/src/sync/csv.js");
const { pause } = await import("../../field/src/sync/outbox.js");
const servers = [];
after(() => servers.forEach((server) => server.close()));

/** A tablet, its server, and Zanele's open desk. */
async function met(told = {}) {
  const { clock, ...rest } = await tablet();
  const server = await hostile({ now: () => clock.time, ...told });
  servers.push(server);
  const ask = (url, how) => fetch(String(url).replace("http://localhost", server.address), how);
  const first = await hello("Zanele", ask);
  const id = await rest.store.enrol({ ...first.enrolment, pin: PIN });
  const desk = await rest.store.unlock(id, PIN);
  return { clock, server, ask, id, desk, round: (more) => sync(desk, { ask, ...more }), ...rest };
}
/** While `work` is done, a wait of about so many milliseconds takes twenty. */
async function hurried(about, work) {
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (then, wait, ...more) => real(then, wait > about / 2.1 && wait <= about ? 20 : wait, ...more);
  try {
    return await work();
  } finally {
    globalThis.setTimeout = real;
  }
}
const made = (at) => new Date(Date.UTC(2026, 2, 2, 8, 0, at)).toISOString();
const record = (name, more = {}) => ({ instanceId: `uuid:${name}`, formId: "caregiver", version: "1", xml: `<data>uuid:${name} ëé</data>`, made: made(0), ...more });
const photo = (name, size) => ({ name, type: "image/jpeg", bytes: new Uint8Array(size).fill(name.length) });

test("a round fetches everything, sends, and keeps a small receipt", async () => {
  const { desk, server, store, id, round } = await met();
  await desk.finalise(record("1", { keep: { a: 1 } }), { files: [photo("p.jpg", 2000)] });
  const steps = new Set();
  const outcome = await round({ on: ({ step }) => steps.add(step) });
  assert.deepEqual(outcome, { online: true, sent: 1, received: 1, stuck: 0, waiting: 0, problem: "", clockOff: 0 });
  assert.equal((await desk.get("plan", "caregiver/1")).plan.plan, "1");
  assert.equal((await desk.get("setting", "plans")).length, 1);
  assert.equal((await desk.get("list", "learners")).rows[2].label, "Child 2");
  assert.deepEqual(await desk.get("meaning", "meaning"), { meaning: "1" });
  assert.equal((await desk.get("today", "today")).children.length, 1);
  assert.equal(new TextDecoder().decode(await desk.get("file", "media/m9")), "picture");
  assert.deepEqual(Object.keys(server.records.get("uuid:1").files), ["p.jpg"]);
  assert.deepEqual([await desk.all("outbox"), await store.sealed(id)], [[], []]);
  const receipt = await desk.get("receipt", "uuid:1");
  assert.deepEqual([receipt.keep, receipt.state], [{ a: 1 }, "in case"]);
  assert.ok(server.keys.get("Zanele").x && !server.keys.get("Zanele").d);
  assert.equal(server.statuses[0].waiting, 0);
  assert.ok(steps.has("outbox") && steps.has("plans"));
});

test("a second round asks with ETags and changes nothing", async () => {
  const { desk, server, round } = await met();
  await round();
  const before = server.asked.length;
  const outcome = await round();
  assert.equal(outcome.problem, "");
  assert.equal((await desk.get("list", "learners")).rows.length, 3);
  assert.ok(!server.asked.slice(before).some((line) => line.includes("media") || line.includes("keys")));
});

test("a set is swapped whole or not at all", async () => {
  const { desk, server, round } = await met();
  await round();
  let newest = 1;
  for (const bad of ["field/today", "field/meaning", "lists/learners.csv", "field/plans/1.json", "field/plans"])
    for (const how of ["500", "half", "garbage", "html", "wrong type", "cut short"]) {
      if (how === "cut short" && !/today|lists/.test(bad)) continue;
      server.mood = ({ path }) => (path === bad ? how : "fine");
      server.planVersion = `${++newest}`; // or what was kept aside would be as good
      assert.notEqual((await round()).problem, "", `${bad} ${how}`);
      assert.deepEqual([(await desk.get("setting", "plans"))[0].version, (await desk.get("today", "today")).version, await desk.get("plan", `caregiver/${newest}`)], ["1", "1", undefined], `${bad} ${how}`);
    }
  server.mood = () => "fine";
  assert.equal((await round()).problem, "");
  assert.deepEqual([(await desk.get("setting", "plans"))[0].version, (await desk.get("today", "today")).version], [`${newest}`, `${newest}`]);
  assert.equal((await desk.get("plan", "caregiver/1")).plan.plan, "1", "the older plan stays for drafts");
});

test("a list that is offered no longer goes from the tablet, and comes back whole", async () => {
  const { desk, server, round } = await met();
  await round();
  server.lists = [];
  await round();
  assert.equal(await desk.get("list", "learners"), undefined);
  server.lists = ["learners"];
  await round();
  assert.equal((await desk.get("list", "learners")).rows.length, 3);
});

test("what has come of a set is not asked for again after the line broke, and never seen before the rest is here", async () => {
  const { desk, server, ask } = await met();
  const brought = [];
  const ask2 = async (url, how) => {
    const answer = await ask(url, how);
    if (answer.status === 200 && /csv|json|meaning|today/.test(String(url))) brought.push(String(url).split("/").pop());
    return answer;
  };
  server.mood = ({ path }) => (path === "field/meaning" ? "half" : "fine");
  assert.equal((await sync(desk, { ask: ask2 })).problem, "offline");
  assert.deepEqual([await desk.get("list", "learners"), await desk.get("setting", "plans")], [undefined, undefined]);
  assert.ok(brought.includes("learners.csv") && brought.includes("1.json"));
  server.mood = () => "fine";
  brought.length = 0;
  assert.equal((await sync(desk, { ask: ask2 })).problem, "");
  assert.deepEqual(brought.sort(), ["meaning", "today"]); // this server gives today no ETag
  assert.equal((await desk.get("list", "learners")).rows.length, 3);
  assert.equal((await desk.get("plan", "caregiver/1")).plan.plan, "1");
  assert.deepEqual((await desk.all("setting")).filter(([name]) => name.startsWith("aside")), []);
});

test("the keys are told again each day: a server restored from a backup has forgotten them", async () => {
  const { clock, server, round } = await met();
  await round();
  server.keys.clear();
  await round();
  assert.equal(server.keys.size, 0);
  clock.time += DAY;
  await round();
  assert.equal(server.keys.size, 1);
});

test("before a pack is published there is no meaning, and the rest comes all the same", async () => {
  const { desk, round } = await met({ mood: () => "unpublished" });
  assert.equal((await round()).problem, "");
  assert.ok(await desk.get("today", "today"));
});

test("an old plan goes after two months, unless a draft names it", async () => {
  const { clock, desk, server, round } = await met();
  await round();
  await desk.put("draft", "d", { formId: "caregiver", version: "1" });
  server.planVersion = "2";
  await round();
  clock.time += 3 * DAY;
  for (let days = 0; days < 66; days += 6) {
    await round();
    clock.time += 6 * DAY;
  }
  await round();
  assert.ok(await desk.get("plan", "caregiver/1"));
  await desk.remove("draft", "d");
  await round();
  assert.equal(await desk.get("plan", "caregiver/1"), undefined);
  assert.ok(await desk.get("plan", "caregiver/2"));
});

for (const [how, problem] of Object.entries({ 500: "server", 404: "refused", 401: "portal", 403: "portal", nothing: "offline", half: "offline", login: "portal", html: "portal", garbage: "strange" }))
  test(`a server of the mood “${how}” is called ${problem}, and nothing is lost`, async () => {
    const { desk, server, round } = await met({ mood: () => "fine" });
    await desk.finalise(record("1"));
    server.mood = () => how;
    const outcome = await round();
    assert.equal(outcome.problem, problem);
    assert.equal((await desk.all("outbox")).length, 1);
    assert.ok(!desk.locked);
    server.mood = () => "fine";
    await round();
  });

test("one step that fails does not hold up the others", async () => {
  const { desk, server, round } = await met();
  await desk.finalise(record("1"));
  server.mood = ({ path }) => (/hello|keys|plans/.test(path) ? "500" : "fine");
  const outcome = await round();
  assert.deepEqual([outcome.problem, outcome.received], ["server", 1]);
});

test("a 201 that lies is found out, and the record goes again", async () => {
  const { clock, desk, server, round } = await met();
  await desk.finalise(record("1"));
  server.mood = () => "lie";
  const outcome = await round();
  assert.deepEqual([outcome.sent, outcome.received, outcome.problem], [1, 0, "unconfirmed"]);
  const kept = await desk.get("outbox", "uuid:1");
  assert.deepEqual([kept.state, kept.tries, kept.lastProblem], ["here", 1, "unconfirmed"]);
  server.mood = () => "fine";
  assert.equal((await round()).sent, 0, "not before its time");
  clock.time += 900_000;
  server.mood = () => "lie";
  await round();
  assert.equal((await desk.get("outbox", "uuid:1")).tries, 2, "it waits longer each time");
  server.mood = () => "fine";
  clock.time += 900_000;
  assert.equal((await round()).received, 1);
});

test("a record that lies at the server as a copy beside another of the same id is confirmed, each by its own files", async () => {
  const { desk, server, round } = await met();
  await desk.finalise(record("1"), { files: [photo("p.jpg", 10)] });
  await round();
  await desk.finalise(record("1", { xml: "<data>uuid:1 otherwise</data>" }), { files: [photo("p.jpg", 20)] });
  const outcome = await round();
  assert.deepEqual([server.conflicts, outcome.received, outcome.waiting], [1, 1, 0]);
  assert.equal((await desk.get("receipt", "uuid:1")).state, "conflict");
  await desk.finalise(record("1", { xml: "<data>uuid:1 otherwise</data>" }), { files: [photo("p.jpg", 30)] });
  server.mood = () => "lie";
  assert.equal((await round()).received, 0, "another picture");
});

test("a record finished anew while the first is on its way is not written over", async () => {
  const { clock, desk, store, id, server, ask, round } = await met();
  await desk.finalise(record("1"));
  const meanwhile = async (url, how) => {
    const answer = await ask(url, how);
    if (String(url).endsWith("/submission")) await desk.finalise(record("1", { xml: "<data>uuid:1 otherwise</data>" }));
    return answer;
  };
  await sync(desk, { ask: meanwhile });
  assert.match((await desk.get("outbox", "uuid:1")).xml, /otherwise/);
  clock.time += 900_000;
  await round();
  assert.deepEqual([server.conflicts, (await desk.all("outbox")).length, (await store.sealed(id)).length], [1, 0, 0]);
});

test("two weeks after the receipt the answers go; that it was sent stays", async () => {
  const { clock, desk, round } = await met();
  const keep = { child: "uuid-1", informant: "caregiver", values: { "/data/hungry": "often" } };
  await desk.finalise(record("1", { keep }));
  await round();
  for (let days = 0; days < 13; days++) {
    clock.time += DAY;
    await round();
  }
  assert.deepEqual((await desk.get("receipt", "uuid:1")).keep, keep);
  for (let days = 0; days < 2; days++) {
    clock.time += DAY;
    await round();
  }
  const receipt = await desk.get("receipt", "uuid:1");
  assert.deepEqual([receipt.keep, receipt.state], [{ child: "uuid-1", informant: "caregiver" }, "in case"]);
});

test("a receipt with another hash, or without a file's hash, is no receipt", async () => {
  const { clock, desk, server, round } = await met();
  await desk.finalise(record("1"), { files: [photo("p.jpg", 10)] });
  for (const how of ["wrong hash", "no files"]) {
    server.mood = ({ path }) => (path === "field/receipts" ? how : "fine");
    assert.deepEqual([(await round()).received, (await desk.all("file")).length - 1], [0, 1], how); // a picture of the plan's is there too
    clock.time += 900_000;
  }
  server.mood = () => "fine";
  assert.equal((await round()).received, 1);
});

test("what arrived although the answer was lost is confirmed without being sent again", async () => {
  const { desk, server, round } = await met();
  await desk.finalise(record("1"));
  server.mood = ({ path }) => (path === "submission" ? "half after storing" : path === "field/receipts" ? "500" : "fine");
  await round();
  server.mood = () => "fine";
  const before = server.posts.length;
  await desk.put("outbox", "uuid:1", { ...(await desk.get("outbox", "uuid:1")), tries: 1, next: Number.MAX_SAFE_INTEGER });
  server.mood = ({ path }) => (path === "submission" ? "500" : "fine");
  assert.equal((await round()).received, 1);
  assert.equal(server.posts.length, before);
});

test("posts look as Collect's do, and many or large files share several", async () => {
  const { desk, server, round } = await met();
  await desk.finalise(record("1"), { files: Array.from({ length: 205 }, (_, at) => photo(`p${at}.jpg`, 10)) });
  await desk.finalise(record("2", { made: made(1) }), { files: [1, 2, 3].map((at) => photo(`b${at}.jpg`, 400_000)) });
  server.limit = 1_000_000;
  const outcome = await round();
  assert.equal(outcome.received, 2);
  assert.deepEqual(server.posts.map(({ parts }) => parts.length), [102, 102, 6, 4, 2]);
  assert.deepEqual(server.posts.map(({ parts }) => parts.includes("*isIncomplete*")), [true, true, false, true, false]);
  assert.ok(server.posts.every(({ parts, version }) => parts[0] === "xml_submission_file" && version === "1.0"));
  assert.ok(server.posts.slice(3).every(({ size }) => size <= 1_000_000));
  assert.equal(Object.keys(server.records.get("uuid:1").files).length, 205);
});

test("one record the server cannot take holds up no other, and shows as stuck", async () => {
  const { clock, desk, server, ask } = await met();
  await desk.finalise(record("poison"));
  for (let at = 1; at < 4; at++) await desk.finalise(record(`${at}`, { made: made(at) }));
  const picky = async (url, how) => {
    if (!String(url).endsWith("/submission")) return ask(url, how);
    const xml = await how.body.get("xml_submission_file").text();
    return xml.includes("poison") ? new Response("no", { status: 500 }) : ask(url, how);
  };
  let outcome = await sync(desk, { ask: picky });
  assert.equal(outcome.received, 3);
  for (let tries = 0; tries < 4; tries++) {
    clock.time += 900_000;
    outcome = await sync(desk, { ask: picky });
  }
  assert.deepEqual([outcome.waiting, outcome.stuck, server.statuses.at(-1).stuck], [1, 1, 1]);
});

test("a request that is never answered is given up", async () => {
  const { desk, server, ask } = await met();
  server.mood = () => "silence";
  const outcome = await hurried(30_000, () => sync(desk, { ask }));
  assert.equal(outcome.problem, "timeout");
});

/** An answer in pieces, a moment of `pause` ms between them. */
const slowly = (pieces, pause, headers) =>
  new Response(new ReadableStream({
    async start(way) {
      for (const piece of pieces) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        way.enqueue(new TextEncoder().encode(piece));
      }
      way.close();
    },
  }), { headers });

test("a slow line is waited for as long as bytes come", async () => {
  const { desk, server, ask } = await met();
  const list = "name,label,__version,class\n" + Array.from({ length: 20 }, (_, at) => `uuid-${at},Child,1,A\n`).join("");
  const slow = async (url, how) =>
    String(url).endsWith("learners.csv") ? slowly(list.match(/.{1,30}/gs), 6, { "Content-Type": "text/csv" }) : ask(url, how);
  const outcome = await hurried(30_000, () => sync(desk, { ask: slow })); // 20 ms without a byte; 100 and more in all
  assert.equal(outcome.problem, "");
  assert.equal((await desk.get("list", "learners")).rows.length, 20);
  assert.ok(server);
});

test("the difference of the clocks is told", async () => {
  const { clock, server, round } = await met();
  server.now = () => clock.time - 3_600_000;
  assert.equal((await round()).clockOff, 3600);
  assert.equal(server.statuses.at(-1).clock_off_s, 3600);
});

test("only Khula's own refusal wipes; what was finalised stays, sealed, and comes in by hand", async () => {
  const { clock, desk, server, store, id, round } = await met();
  await round();
  await desk.put("draft", "d", "a draft");
  await desk.finalise(record("1"), { files: [photo("p.jpg", 300)] });
  server.mood = () => "403";
  await round();
  assert.ok(!desk.locked, "somebody else's 403");
  server.mood = () => "fine";
  server.revoked.add("Zanele");
  const outcome = await round();
  assert.equal(outcome.problem, "revoked");
  assert.ok(desk.locked);
  assert.deepEqual(store.people(), []);
  const [file] = await filesToCarry(store);
  assert.match(file.name, /^khula-2026-03-02-[0-9a-f]{8}\.khula$/);
  const { records } = await opened(file.bytes, server.seal.privateKey, [server.keys.get("Zanele")]);
  assert.equal(records[0].xml.toString(), record("1").xml);
  assert.equal(records[0].files[0][1].length, 300);
  assert.ok(clock && id);
});

test("a file to carry that was changed or shortened is noticed", async () => {
  const { desk, server, store, round } = await met();
  await round();
  for (let at = 0; at < 3; at++) await desk.finalise(record(`${at}`));
  const [{ bytes, records }] = await filesToCarry(store);
  assert.equal(records, 3);
  const open = (what) => opened(what, server.seal.privateKey, [server.keys.get("Zanele")]);
  assert.equal((await open(bytes)).records.length, 3);
  for (let at = 20; at < bytes.length; at += 97) {
    const changed = bytes.slice();
    changed[at] ^= 1;
    await assert.rejects(open(changed), `byte ${at}`);
  }
  await assert.rejects(open(bytes.slice(0, -100)));
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(14);
  await assert.rejects(open(Buffer.concat([bytes.slice(0, 14), bytes.slice(18 + length)])), /shortened/);
  const other = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  await assert.rejects(opened(bytes, server.seal.privateKey, [await crypto.subtle.exportKey("jwk", other.publicKey)]), /unknown/);
});

test("receipts brought back by hand let go of what has arrived, and of nothing else", async () => {
  const { desk, server, store, id } = await met();
  for (const name of ["1", "2", "3"]) await desk.finalise(record(name), { files: name === "1" ? [photo("p.jpg", 50)] : [] });
  const one = await desk.get("outbox", "uuid:1");
  const entry = { sha256: one.sha256, received_at: "2026-03-03T09:00:00+00:00", state: "in case", files: { "p.jpg": one.files[0].sha256 } };
  const file = (receipts) => JSON.stringify({ khula_receipts: 1, receipts });
  const forged = file({ "uuid:1": { ...entry, files: {} }, "uuid:2": { ...entry, sha256: "0".repeat(64), files: {} }, "uuid:9": entry });
  assert.deepEqual(await takeReceiptFile(desk, forged), { received: 0, left: 3 });
  assert.equal((await store.sealed(id)).length, 3);
  assert.deepEqual(await takeReceiptFile(desk, file({ "uuid:1": entry })), { received: 1, left: 2 });
  assert.deepEqual([(await desk.all("outbox")).length, (await store.sealed(id)).length, server.records.size], [2, 2, 0]);
  assert.equal((await desk.get("receipt", "uuid:1")).state, "in case");
  assert.deepEqual(await takeReceiptFile(desk, file({ "uuid:1": entry })), { received: 0, left: 2 }, "twice does no harm");
  for (const other of ["", "no JSON", "null", "[]", "{}", '{"khula_receipts":1,"receipts":null}', '{"receipts":{}}']) assert.equal(await takeReceiptFile(desk, other), null, other);
});

test("after expiry, and after five wrong PINs, sealed records are sent without the PIN; a share is renewed", async () => {
  const { clock, desk, server, store, id, ask, round } = await met();
  await round();
  await desk.put("draft", "d", "a draft");
  await desk.finalise(record("1"));
  desk.lock();
  clock.time += 8 * DAY;
  await store.refresh();
  await assert.rejects(store.unlock(id, PIN), { code: "expired" });
  server.mood = () => "lie";
  assert.deepEqual(await sendSealed(store, ask), { sent: 0, left: 1, problem: "unconfirmed" });
  server.mood = () => "fine";
  assert.deepEqual(await sendSealed(store, ask), { sent: 1, left: 0, problem: "" });
  assert.ok(server.records.has("uuid:1"));
  assert.equal(await renew(store, id, ask), "");
  const again = await store.unlock(id, PIN);
  assert.equal(await again.get("draft", "d"), "a draft");
  assert.equal((await sync(again, { ask })).waiting, 0, "the receipt is found without sending twice");
  await again.finalise(record("2"));
  again.lock();
  for (let tries = 0; tries < 5; tries++) await store.unlock(id, "111222").catch(() => {});
  assert.deepEqual(store.people(), []);
  assert.equal((await sendSealed(store, ask)).sent, 1);
  assert.ok(server.records.has("uuid:2"));
  assert.deepEqual(store.everybody(), []);
});

test("a link that was found again, once a tablet has used it, opens nothing and wipes nothing", async () => {
  const { desk, id, ask, store, round } = await met();
  assert.equal((await round()).problem, "");
  assert.deepEqual(await hello("Zanele", ask), { problem: "another", clockOff: 0 });
  assert.equal((await round()).problem, "");
  desk.lock();
  assert.equal(await renew(store, id, ask), "");
});

test("a locked tablet shows the server what opens no name; five wrong PINs destroy the rest", async () => {
  const { desk, server, id, ask, open, round } = await met();
  await round();
  await desk.finalise(record("1"));
  assert.match(desk.proof, /^[\w-]{43}$/);
  assert.equal(server.proofs.get("Zanele"), desk.proof);
  const found = async (key) => {
    const said = async (path, how) => (await ask(`http://localhost/v1/key/${key.token}/${path}`, { headers: { "X-Khula-Tablet": key.proof }, ...how })).json();
    for (const path of ["field/today", "lists/learners.csv", "field/plans", "field/meaning", "field/receipts?id=uuid:1"])
      assert.equal((await said(path)).problem, "another_tablet", path);
    assert.ok(!JSON.stringify(await said("field/hello")).includes("Mokoena"));
  };
  const proof = desk.proof;
  desk.lock();
  assert.equal(desk.proof, "");
  const store = await open();
  assert.notEqual(store.key(id).proof, proof);
  await found(store.key(id));
  assert.equal(await renew(store, id, ask), "", "a new share all the same");
  const again = await store.unlock(id, PIN);
  assert.equal(again.proof, proof);
  again.lock();
  for (let tries = 0; tries < 5; tries++) await store.unlock(id, "111222").catch(() => {});
  await found(store.key(id));
  assert.equal((await sendSealed(store, ask)).sent, 1);
});

test("the sealed records of a person shut out go with somebody else who works here, and the lock screen knows how many wait", async () => {
  const { desk, server, store, ask, round } = await met();
  await round();
  await desk.finalise(record("1"));
  await desk.finalise(record("2", { made: made(1) }));
  server.revoked.add("Zanele");
  await round();
  assert.deepEqual(store.people(), []);
  assert.equal(await sealedHere(store), 2);
  assert.deepEqual(await sendSealed(store, ask), { sent: 0, left: 2, problem: "revoked" });
  const anew = await hello("Pieter", ask);
  await store.enrol({ ...anew.enrolment, pin: "739164" });
  assert.deepEqual(await sendSealed(store, ask), { sent: 2, left: 0, problem: "" });
  assert.deepEqual([server.records.size, await sealedHere(store), store.everybody().length], [2, 0, 1]);
});

test("a server that does not know the tablet locks it, says so and destroys nothing", async () => {
  const { desk, server, store, id, ask, round } = await met();
  await round();
  await desk.put("draft", "d", "a draft");
  server.unknown.add("Zanele");
  let why = "";
  desk.onlocked = (reason) => (why = reason);
  const outcome = await round();
  assert.deepEqual([outcome.problem, why, desk.locked], ["unknown", "unknown", true]);
  assert.equal(await renew(store, id, ask), "unknown");
  server.unknown.clear();
  const again = await store.unlock(id, PIN);
  assert.equal(await again.get("draft", "d"), "a draft");
  assert.equal((await sync(again, { ask })).problem, "");
});

test("a revoked token wipes from the lock screen too", async () => {
  const { desk, server, store, id, ask } = await met();
  desk.lock();
  server.revoked.add("Zanele");
  assert.equal(await renew(store, id, ask), "revoked");
  assert.deepEqual(store.people(), []);
});

test("a record sealed for the server only goes by the sealed way", async () => {
  const { desk, server, round } = await met();
  await desk.finalise(record("s4", { sealed: true }), { files: [photo("p.jpg", 300)] });
  const outcome = await round();
  assert.deepEqual([outcome.sent, outcome.received], [1, 1]);
  assert.equal(server.posts.length, 0);
  assert.ok(server.records.has("uuid:s4"));
});

test("waits double from 5 s to 15 min and are never quite the same", () => {
  assert.deepEqual([0, 1, 2, 5, 8, 99].map((tries) => pause(tries, () => 1)), [10_000, 20_000, 40_000, 320_000, 900_000, 900_000]);
  assert.equal(pause(8, () => 0), 450_000);
  assert.equal(pause(0, () => 0), 5_000);
});

test("tablets that meet the network together do not all come at once; who asks by hand is not kept waiting", async () => {
  const { desk, ask } = await met();
  const { setTimeout: later, addEventListener, removeEventListener } = globalThis;
  const waits = [];
  let online;
  globalThis.addEventListener = (name, what) => void (name === "online" && (online = what));
  globalThis.removeEventListener = () => {};
  let over;
  const done = new Promise((resolve) => (over = resolve));
  const going = keepSyncing(desk, { ask, chance: () => 0.25, after: over });
  await done;
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.setTimeout = /** @type {any} */ ((what, ms) => (waits.push(ms), later(() => {}, 0)));
  online();
  globalThis.setTimeout = later;
  Object.assign(globalThis, { addEventListener, removeEventListener });
  assert.deepEqual(waits, [SPREAD / 4]);
  going.stop();
  desk.lock();
});

test("a tablet whose link another one was enrolled with says so, lets go of nothing and blames no record", async () => {
  const { desk, server, ask, store, id } = await met();
  await sync(desk, { ask });
  await desk.finalise(record("1"));
  server.proofs.set("Zanele", "x".repeat(43));
  const outcome = await sync(desk, { ask });
  assert.deepEqual([outcome.problem, outcome.waiting, desk.locked], ["another", 1, false]);
  const waiting = await desk.get("outbox", "uuid:1");
  assert.deepEqual([waiting.tries, waiting.lastProblem], [0, ""]);
  assert.equal((await hello("Zanele", ask)).problem, "another");
  assert.equal((await sendSealed(store, ask)).sent, 1, "what is sealed may still be handed in");
  assert.ok(server.records.has("uuid:1"));
  assert.equal(store.everybody().includes(id), true);
});

test("rounds go on by themselves until the desk is locked", async () => {
  const { desk, server, ask } = await met();
  server.mood = () => "500";
  let rounds = 0;
  await hurried(10_000, async () => {
    const going = keepSyncing(desk, { ask, chance: () => 0.999, after: () => void rounds++ });
    while (rounds < 2) await new Promise((resolve) => setImmediate(resolve));
    desk.lock();
    going.now();
    going.stop();
  });
});

test("asked by hand, a record does not wait for its next try", async () => {
  const { desk, server, ask } = await met();
  await desk.finalise(record("1"));
  await desk.put("outbox", "uuid:1", { ...(await desk.get("outbox", "uuid:1")), tries: 9, next: desk.now() + 800_000 });
  let going;
  const round = () => new Promise((after) => (going = keepSyncing(desk, { ask, after })));
  assert.equal((await round()).sent, 0);
  going.stop();
  const outcomes = [];
  going = keepSyncing(desk, { ask, after: (outcome) => outcomes.push(outcome) });
  going.now();
  while (outcomes.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  going.stop();
  desk.lock();
  assert.ok(server.records.has("uuid:1"));
});

test("CSV as RFC 4180 has it, and half a file is no list", () => {
  assert.deepEqual(rowsOf("name,label\n1,a\n"), [{ name: "1", label: "a" }]);
  assert.deepEqual(rowsOf('\ufeffname,label\r\n1,"a, ""b""\nc"\r\n2,\r\n'), [{ name: "1", label: 'a, "b"\nc' }, { name: "2", label: "" }]);
  assert.deepEqual(rowsOf("name,label\n"), []);
  for (const bad of ["", "name,label", "name,label\n1,a\n2", "name,label\n1,a\n2,b", 'name,label\n1,"a\n', 'name,label\n1,a"b"\n', "name,label\n1,2,3\n"]) assert.equal(rowsOf(bad), null, bad);
  for (const quote of ["", '"']) {
    const text = "name,label,a,b,c,d,e,f,g,h\n" + Array.from({ length: 10_000 }, (_, at) => `uuid-${at},${quote}Child ${at}${quote},1,2,3,4,5,6,7,8\n`).join("");
    const start = performance.now();
    assert.equal(rowsOf(text).length, 10_000);
    const took = performance.now() - start;
    assert.ok(took < 1000, `${took} ms`);
    console.log(`10,000 rows ${quote ? "quoted" : "plain"}: ${Math.round(took)} ms`);
  }
});

test("three days of everything that can go wrong: each record is there once, none let go of early", { timeout: 240_000 }, async () => {
  let seed = Number(process.env.KHULA_SEED ?? 42);
  const chance = () => ((seed = (seed * 1664525 + 1013904223) % 2 ** 32), seed / 2 ** 32);
  const any = (list) => list[Math.floor(chance() * list.length)];
  const { clock, open, server, ask, id, ...rest } = await met();
  let { desk, store } = rest;
  await sync(desk, { ask });
  let requests = 0;
  let killAt = Infinity;
  const perilous = (url, how) => {
    if (++requests === killAt) desk.lock(); // the battery is gone
    return ask(url, how);
  };
  server.mood = () => (chance() < 0.35 ? "fine" : any(MOODS));
  const finished = [];
  const whole = async () => {
    const [here, receipts] = [new Map(await desk.all("outbox")), new Map(await desk.all("receipt"))];
    for (const { instanceId, sha256, files } of finished) {
      const there = server.records.get(instanceId);
      const stored = there?.sha256 === sha256 && files.every(({ name, sha256: sum }) => there.files[name] === sum);
      assert.ok(here.has(instanceId) || (receipts.has(instanceId) && stored), instanceId);
    }
    assert.equal((await store.sealed(id)).length, here.size);
  };
  const start = clock.time;
  let rounds = 0;
  while (clock.time - start < 3 * DAY) {
    if (finished.length < 60 && chance() < 0.5) {
      const fresh = record(`r${finished.length}`, { made: new Date(clock.time).toISOString(), sealed: chance() < 0.1 });
      await desk.finalise(fresh, { files: chance() < 0.3 ? [photo("p.jpg", 50), photo("q.jpg", 60)] : [] });
      finished.push(await desk.get("outbox", fresh.instanceId));
    }
    killAt = chance() < 0.08 ? requests + 1 + Math.floor(chance() * 10) : Infinity;
    const outcome = await sync(desk, { ask: perilous, chance });
    rounds++;
    if (desk.locked) {
      store = await open();
      desk = await store.unlock(id, PIN);
    }
    if (rounds % 5 === 0) await whole();
    clock.time += outcome.waiting ? pause(any([2, 4, 6, 8]), chance) : any([900_000, 3_600_000]);
    if (chance() < 0.02) clock.time -= 1_800_000; // somebody sets the clock
  }
  server.mood = () => "fine";
  for (let last = 0; last < 3; last++) {
    clock.time += 900_000;
    await sync(desk, { ask });
  }
  await whole();
  assert.equal(finished.length, 60);
  assert.deepEqual([await desk.all("outbox"), await store.sealed(id), server.conflicts], [[], [], 0]);
  assert.equal(server.records.size, 60);
  assert.equal((await desk.all("receipt")).length, 60);
  console.log(`${rounds} rounds, ${requests} requests, ${server.posts.length} posts for 60 records`);
});
