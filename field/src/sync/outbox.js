// Finished records in; each sent until its receipt is confirmed. Nothing is let go of before that.
import { utf8 } from "../store/bytes.js";
import { Failure, Server } from "./server.js";

/** @typedef {import("../store/store.js").Desk} Desk */
/** @typedef {import("../store/types.js").OutboxRecord} OutboxRecord */

export const SOONEST = 5_000;
export const LATEST = 900_000;
const FILES = 100; // in one post, as Collect
const IDS = 40; // in one question for receipts
const DAY = 86_400_000;
const CORRECTED = 14; // days
const ENOUGH = 3; // failures in a row: the server needs a rest
export const STUCK = 5; // tries

/** 5 s … 15 min, doubling, spread over half of it from the first: tablets that lost the server together come back apart. @param {number} tries @param {() => number} chance @returns {number} */
export const pause = (tries, chance) =>
  Math.min(LATEST, 2 * SOONEST * 2 ** Math.min(tries, 20)) * (0.5 + chance() / 2);

/** Oldest first. @param {Desk} desk @returns {Promise<OutboxRecord[]>} */
export async function outbox(desk) {
  const records = (await desk.all("outbox")).map(([, record]) => record);
  return records.sort((a, b) => (a.made < b.made ? -1 : 1));
}

/** @param {Desk} desk @param {Server} server @param {() => number} chance @param {(done: number, of: number) => void} on @param {boolean} [all] also those that wait for their next try
 * @returns {Promise<number>} how many the server took */
export async function sendOutbox(desk, server, chance, on, all) {
  const now = desk.now();
  // A time far ahead is from a clock that has been set back since.
  const due = (await outbox(desk)).filter(({ state, next }) => state === "here" && (all || next <= now || next > now + LATEST));
  let sent = 0;
  let failed = 0;
  /** @type {unknown} */
  let first;
  for (const [at, record] of due.entries()) {
    on(at, due.length);
    try {
      await send(desk, server, record);
      await mark(desk, record, { state: "sent", lastProblem: "" });
      sent++;
      failed = 0;
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
      first ??= problem;
      if (["offline", "portal", "revoked", "unknown", "another"].includes(problem.problem)) break; // not this record's fault
      await later(desk, record, problem.problem, chance);
      if (++failed === ENOUGH) break;
    }
  }
  on(due.length, due.length);
  if (first) throw Object.assign(first, { sent });
  return sent;
}

/** @param {Desk} desk @param {OutboxRecord} record @param {string} lastProblem @param {() => number} chance */
const later = (desk, record, lastProblem, chance) =>
  mark(desk, record, { state: "here", lastProblem, tries: record.tries + 1, next: desk.now() + pause(record.tries, chance) });

/** Unless it was finished anew in the meantime. @param {Desk} desk @param {OutboxRecord} record @param {Partial<OutboxRecord>} how */
async function mark(desk, record, how) {
  if (await still(desk, record)) await desk.put("outbox", record.instanceId, { ...record, ...how });
}

/** @param {Desk} desk @param {OutboxRecord} record @returns {Promise<boolean>} */
const still = async (desk, { instanceId, envelope }) => (await desk.get("outbox", instanceId))?.envelope === envelope;

/** @param {Desk} desk @param {Server} server @param {OutboxRecord} record */
async function send(desk, server, record) {
  if (record.sealed) {
    const body = await desk.carried(record);
    if (body) await postSealed(server, body); // none: the lock screen has sent it, the receipt will say so
    return;
  }
  const xml = new Blob([record.xml], { type: "text/xml" });
  for (const { files, more } of await posts(desk, record, server.limit)) {
    const body = new FormData();
    body.append("xml_submission_file", xml, "submission.xml");
    let size = xml.size;
    for (const file of files) {
      body.append(file.name, file.blob, file.name);
      size += file.blob.size;
    }
    if (more) body.append("*isIncomplete*", "yes");
    await server.ask("submission", { method: "POST", body, good: [201, 202], wait: Server.wait(size) });
  }
}

/** Files as they share posts: a hundred in each, and as many bytes as the server takes.
 * @param {Desk} desk @param {OutboxRecord} record @param {number} limit @returns {Promise<{files: {name: string, blob: Blob}[], more: boolean}[]>} */
async function posts(desk, record, limit) {
  const start = utf8(record.xml).length + 2000;
  /** @type {{files: {name: string, blob: Blob}[], more: boolean}[]} */
  const all = [{ files: [], more: false }];
  let size = start;
  for (const { name, type } of record.files) {
    const bytes = await desk.get("file", `${record.instanceId}/${name}`);
    if (!bytes) continue; // cannot be; the receipt will not match then, and the record stays
    const { files } = all[all.length - 1];
    if (files.length === FILES || (files.length && size + bytes.length + 500 > limit)) {
      all[all.length - 1].more = true;
      all.push({ files: [], more: false });
      size = start;
    }
    all[all.length - 1].files.push({ name, blob: new Blob([bytes], { type }) });
    size += bytes.length + 500;
  }
  return all;
}

/** @param {Server} server @param {BodyInit & {length: number}} body @returns {Promise<any>} */
export async function postSealed(server, body) {
  const headers = { "Content-Type": "application/octet-stream" };
  const wait = Server.wait(body.length);
  return (await server.ask("field/sealed", { method: "POST", body, headers, is: "json", wait })).value;
}

/** Asks for receipts of what was sent or tried, and believes only its own bytes; lets go of answers received long ago. @param {Desk} desk @param {Server} server @param {() => number} chance @returns {Promise<{received: number, lied: number}>} */
export async function takeReceipts(desk, server, chance) {
  await forgetAnswers(desk);
  const asked = (await outbox(desk)).filter(({ state, tries }) => state === "sent" || tries > 0);
  let received = 0;
  let lied = 0;
  for (let at = 0; at < asked.length; at += IDS) {
    const some = asked.slice(at, at + IDS);
    const ids = some.map(({ instanceId }) => `id=${encodeURIComponent(instanceId)}`).join("&");
    const { value } = await server.ask(`field/receipts?${ids}`, { is: "json" });
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Failure("strange");
    for (const record of some) {
      if (await settled(desk, record, value)) received++;
      else if (record.state === "sent") {
        await later(desk, record, "unconfirmed", chance);
        lied++;
      }
    }
  }
  return { received, lied };
}

/** Lets go of a record the server has. @param {Desk} desk @param {OutboxRecord} record @param {Record<string, any>} receipts @returns {Promise<boolean>} */
async function settled(desk, record, receipts) {
  const receipt = confirmed(record, receipts[record.instanceId]);
  if (receipt && (await still(desk, record))) await desk.received(record, { receivedAt: String(receipt.received_at), state: String(receipt.state) });
  return Boolean(receipt);
}

/** Receipts that were carried back by hand. No signature is asked for: only who has opened a record knows its hash.
 * @param {Desk} desk @param {string} text of the file @returns {Promise<{received: number, left: number} | null>} null: it is no such file */
export async function takeReceiptFile(desk, text) {
  /** @type {any} */
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  if (said?.khula_receipts !== 1 || said.receipts === null || typeof said.receipts !== "object") return null;
  const records = await outbox(desk);
  let received = 0;
  for (const record of records) if (await settled(desk, record, said.receipts)) received++;
  return { received, left: records.length - received };
}

/** What the server has of exactly these bytes; it may lie beside others of the same id. @param {OutboxRecord} record @param {any} receipt */
const confirmed = ({ sha256, files }, receipt) =>
  [receipt, ...(Array.isArray(receipt?.copies) ? receipt.copies : [])].find(
    (one) => one?.sha256 === sha256 && files.every((file) => one.files?.[file.name] === file.sha256),
  );

/** Answers are here for a correction soon after, not for a year. @param {Desk} desk */
async function forgetAnswers(desk) {
  const at = desk.now();
  const before = (await desk.get("setting", "tidied")) ?? 0;
  if (at >= before && at - before < DAY) return;
  /** @type {import("../store/types.js").Change[]} */
  const changes = [{ kind: "setting", id: "tidied", value: at }];
  for (const [id, { keep, ...receipt }] of await desk.all("receipt")) {
    if (!keep?.values || at - Date.parse(receipt.receivedAt || receipt.made) < CORRECTED * DAY) continue;
    const { values, ...rest } = keep;
    changes.push({ kind: "receipt", id, value: { ...receipt, keep: rest } });
  }
  await desk.change(changes);
}
