// One person's open store: values in, encrypted one by one; values out. A write is on disk when its promise resolves.
import { hexHash, utf8 } from "./bytes.js";
import { asked, under } from "./database.js";
import { boxed, packed, tagOf, unboxed, unpacked } from "./keys.js";
import { recordBytes, sealed } from "./seal.js";
import { Trouble } from "./trouble.js";

/** @typedef {import("./types.js").Kind} Kind */
/** @typedef {import("./types.js").Change} Change */
/** @typedef {import("./types.js").NewFile} NewFile */
/** @typedef {import("./types.js").OutboxRecord} OutboxRecord */
/** @typedef {import("./types.js").Receipt} Receipt */
/** @typedef {import("./bytes.js").Bytes} Bytes */

const BEAT = 60_000; // how often the time that has passed is counted
const GRACE = 12 * 3_600_000; // an interview that is going on when the time is over may be ended

export class Desk {
  #store;
  /** @type {import("./keys.js").RecordKeys | undefined} */
  #keys;
  #entry;
  #about;
  #giveBack;
  #counted;
  /** Tags of drafts and the next number in each one's journal. @type {Map<string, {tag: string, next: number}>} */
  #journals = new Map();
  /** @type {Promise<unknown>} */
  #lastNote = Promise.resolve();
  /** @type {Promise<unknown>} */
  #lastFinalised = Promise.resolve();

  /** Called when the desk was locked from elsewhere: another tab took over, revoked, time over, not let in by the server. @type {(why: "taken"|"wiped"|"expired"|"unknown") => void} */
  onlocked = () => {};

  /** @param {import("./store.js").Store} store
   * @param {{entry: import("./types.js").Entry, about: import("./types.js").About, proof: string, keys: import("./keys.js").RecordKeys, giveBack: () => void}} opened */
  constructor(store, { entry, about, proof, keys, giveBack }) {
    this.#store = store;
    this.#entry = entry;
    this.#about = about;
    this.#keys = keys;
    this.#giveBack = giveBack;
    this.#counted = store.now();
    this.personId = entry.id;
    this.person = about.person;
    this.token = about.token;
    this.proof = proof;
  }

  /** @param {"taken"|"wiped"|"expired"|"unknown"} [why] */
  lock(why) {
    if (!this.#keys) return;
    this.#keys = undefined;
    this.proof = "";
    this.#journals.clear();
    this.#giveBack();
    if (why) this.onlocked(why);
  }

  get locked() {
    return !this.#keys;
  }

  /** Milliseconds until the server must be met again. @returns {number} */
  left() {
    return this.#entry.life - Math.max(0, this.#store.now() - this.#entry.seen);
  }

  /** Value: JSON, or a Uint8Array. @param {Kind} kind @param {string} id @param {any} value @returns {Promise<void>} */
  put(kind, id, value) {
    return this.change([{ kind, id, value }]);
  }

  /** A draft's journal goes with it. @param {Kind} kind @param {string} id @returns {Promise<void>} */
  remove(kind, id) {
    return this.change([{ kind, id }]);
  }

  /** @param {Kind} kind @param {string} id @returns {Promise<any>} undefined if there is none */
  async get(kind, id) {
    const key = await this.#key(kind, id);
    const box = await this.#store.database.get("records", key);
    return box && (await this.#value(key, box))[1];
  }

  /** @param {Kind} kind @returns {Promise<[string, any][]>} (id, value) pairs, in no order */
  async all(kind) {
    const range = under(this.personId, await tagOf(this.#open(), kind));
    const rows = await this.#store.database.pairs("records", range);
    return Promise.all(rows.map(([key, box]) => this.#value(key, box)));
  }

  /** All or nothing, in one transaction. @param {Change[]} changes @returns {Promise<void>} */
  change(changes) {
    return this.#commit(changes);
  }

  /** Adds to a draft's journal, in the order of the calls. @param {string} draft @param {any} entry @returns {Promise<void>} */
  note(draft, entry) {
    const noted = this.#lastNote.then(() => this.#note(draft, entry));
    this.#lastNote = noted.catch(() => {});
    return noted;
  }

  /** @param {string} draft @returns {Promise<any[]>} entries in order */
  async journal(draft) {
    const range = under(this.personId, await tagOf(this.#open(), "journal", draft));
    const rows = await this.#store.database.pairs("journal", range);
    return (await Promise.all(rows.map(([key, box]) => this.#value(key, box)))).map(([, entry]) => entry);
  }

  /** Finalising: the outbox record, its files and its copy sealed for the server go in, the draft and its journal go, in one transaction;
   * with them goes what was finalised before under the same instance id.
   * @param {import("./types.js").NewRecord} record @param {{files?: NewFile[], draft?: string, also?: Change[]}} [around] @returns {Promise<void>} */
  finalise(record, around) {
    const finalised = this.#lastFinalised.then(() => this.#finalise(record, around));
    this.#lastFinalised = finalised.catch(() => {});
    return finalised;
  }

  /** @param {import("./types.js").NewRecord} record @param {{files?: NewFile[], draft?: string, also?: Change[]}} [around] @returns {Promise<void>} */
  async #finalise({ keep, sealed: only = false, xml, ...record }, { files = [], draft, also = [] } = {}) {
    const { instanceId, formId, version, made } = record;
    const bytes = utf8(xml);
    const sha256 = await hexHash(bytes);
    const notes = await Promise.all(
      files.map(async (file) => ({ name: file.name, type: file.type, sha256: await hexHash(file.bytes) })),
    );
    const about = {
      instance_id: instanceId,
      form_id: formId,
      version,
      made,
      person: this.person.id,
      xml: { size: bytes.length, sha256 },
      files: notes.map((note, at) => ({ ...note, size: files[at].bytes.length })),
    };
    const envelope = await this.#seal("record", recordBytes(about, [bytes, ...files.map((file) => file.bytes)]));
    const sum = await hexHash(envelope);
    /** @type {OutboxRecord | undefined} */
    const earlier = await this.get("outbox", instanceId);
    /** @type {OutboxRecord} */
    const value = {
      ...record,
      xml: only ? "" : xml,
      files: notes,
      state: "here",
      tries: 0,
      next: 0,
      lastProblem: "",
      sha256,
      envelope: sum,
      ...(only && { sealed: true }),
      ...(keep !== undefined && { keep }),
    };
    /** @type {Change[]} */
    const changes = [{ kind: "outbox", id: instanceId, value }, ...also];
    if (!only)
      for (const { name, bytes } of files) changes.push({ kind: "file", id: `${instanceId}/${name}`, value: bytes });
    for (const { name } of earlier?.files ?? [])
      if (only || !files.some((file) => file.name === name)) changes.push({ kind: "file", id: `${instanceId}/${name}` });
    if (draft) changes.push({ kind: "draft", id: draft });
    await this.#commit(changes, { keep: [sum, envelope], drop: earlier?.envelope });
  }

  /** The receipt is confirmed: only now the record, its files and its sealed copy go. @param {OutboxRecord} record @param {{receivedAt: string, state: string}} receipt @returns {Promise<void>} */
  async received({ instanceId, formId, version, made, sha256, keep, files, envelope }, receipt) {
    /** @type {Change} */
    const kept = { kind: "receipt", id: instanceId, value: { instanceId, formId, version, made, sha256, keep, ...receipt } };
    const gone = files.map(({ name }) => /** @type {Change} */ ({ kind: "file", id: `${instanceId}/${name}` }));
    gone.push({ kind: "outbox", id: instanceId });
    try {
      await this.#commit([kept, ...gone], { drop: envelope });
    } catch (problem) {
      if (/** @type {Trouble} */ (problem).code !== "full") throw problem;
      await this.#commit(gone, { drop: envelope }); // room first, or a full tablet stays full for ever
      await this.change([kept]).catch(() => {});
    }
  }

  /** An envelope only the server can open. @param {Bytes} bytes @returns {Promise<Bytes>} */
  seal(bytes) {
    return this.#seal("note", bytes);
  }

  /** One finished record's sealed copy, as a file to post. @param {OutboxRecord} record @returns {Promise<Bytes | undefined>} */
  async carried({ envelope }) {
    const bytes = await this.#store.database.get("sealed", [this.personId, envelope]);
    return bytes && this.#store.carried(this.personId, [bytes]);
  }

  /** The public half of the key that signs envelopes. @returns {Promise<JsonWebKey>} */
  signJwk() {
    return crypto.subtle.exportKey("jwk", this.#entry.sign.publicKey);
  }

  /** @param {import("./types.js").Renewal} renewal @returns {Promise<boolean>} */
  async renew(renewal) {
    const taken = await this.#store.renew(this.personId, renewal);
    if (taken) {
      this.#about.sealKey = renewal.sealKey;
      await this.#count();
    }
    return taken;
  }

  /** @returns {Promise<void>} */
  wipe() {
    return this.#store.wipe(this.personId);
  }

  health() {
    return this.#store.health();
  }

  now() {
    return this.#store.now();
  }

  #open() {
    if (!this.#keys) throw new Trouble("locked");
    if (Math.abs(this.#store.now() - this.#counted) > BEAT) this.#count().catch(() => {});
    return this.#keys;
  }

  async #count() {
    this.#counted = this.#store.now();
    const entry = await this.#store.tick(this.personId);
    if (entry) this.#entry = entry;
    if (!entry || entry.wiped) this.lock("wiped");
    else if (entry.life < -GRACE) this.lock("expired");
  }

  /** @param {"record"|"note"} what @param {Bytes} bytes @returns {Promise<Bytes>} */
  #seal(what, bytes) {
    return sealed(this.#entry.sign, this.#about.sealKey, what, bytes);
  }

  /** @param {string} kind @param {string} id @returns {Promise<string[]>} */
  async #key(kind, id) {
    const keys = this.#open();
    return [this.personId, await tagOf(keys, kind), await tagOf(keys, kind, id)];
  }

  /** @param {(string | number)[]} key @param {Bytes} box @returns {Promise<[string, any]>} */
  async #value(key, box) {
    return unpacked(await unboxed(this.#open().box, key.join(" "), box));
  }

  /** @param {Change[]} changes @param {{keep?: [string, Bytes], drop?: string}} [envelopes] */
  async #commit(changes, { keep, drop } = {}) {
    const rows = await Promise.all(
      changes.map(async ({ kind, id, value }) => {
        const key = await this.#key(kind, id);
        const journal = kind === "draft" && value === undefined && (await tagOf(this.#open(), "journal", id));
        return { key, journal, box: value !== undefined && (await boxed(this.#open().box, key.join(" "), packed(id, value))) };
      }),
    );
    const { id, about, sign } = this.#entry;
    await this.#store.database.write(["people", "records", "journal", "sealed"], async (store) => {
      // Wiped from another tab a moment ago: somebody must be left who sends this one.
      if (keep && !(await asked(store("people").get(id))))
        store("people").put({ id, about, sign, wiped: true, life: 0, seen: 0, latest: 0, wrong: 0 });
      for (const { key, box, journal } of rows) {
        if (box) store("records").put(box, key);
        else store("records").delete(key);
        if (journal) store("journal").delete(under(this.personId, journal));
      }
      if (keep) store("sealed").put(keep[1], [this.personId, keep[0]]);
      if (drop) store("sealed").delete([this.personId, drop]);
    });
  }

  /** @param {string} draft @param {any} entry @returns {Promise<void>} */
  async #note(draft, entry) {
    const keys = this.#open();
    const known = this.#journals.get(draft);
    const tag = known?.tag ?? (await tagOf(keys, "journal", draft));
    let next = known?.next ?? (await this.#nextNumber(tag));
    for (;;) {
      const key = [this.personId, tag, next++];
      const box = await boxed(keys.box, key.join(" "), packed("", entry));
      const there = await this.#store.database.write(["journal"], async (store) => {
        const other = await asked(store("journal").get(key));
        if (!other) store("journal").put(box, key);
        return other; // or ours, when the first try was written and the connection died before it could say so
      });
      if (!there || !there.some((/** @type {number} */ byte, /** @type {number} */ at) => byte !== box[at])) break;
    }
    if (this.#keys) this.#journals.set(draft, { tag, next });
  }

  /** @param {string} tag @returns {Promise<number>} */
  async #nextNumber(tag) {
    const range = under(this.personId, tag);
    const last = await this.#store.database.read(["journal"], (store) => asked(store("journal").openKeyCursor(range, "prev")));
    return last ? /** @type {any} */ (last.key)[2] + 1 : 0;
  }
}
