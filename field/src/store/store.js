// The tablet's store: people enrolled here in, one open desk of encrypted records out.
import { base64url, fromBase64url, hexHash, random, text, utf8 } from "./bytes.js";
import { asked, Database, under } from "./database.js";
import { Desk } from "./desk.js";
import { boxed, checkPin, newDeviceKey, newDevicePart, outerKey, recordKeys, ROUNDS, unboxed } from "./keys.js";
import { carried, newSignKeys } from "./seal.js";
import { Expired, Trouble, Wiped, WrongPin } from "./trouble.js";
import { onlyWriter } from "./writer.js";

export { Desk } from "./desk.js";
export { Expired, Trouble, WrongPin, Wiped } from "./trouble.js";

/** @typedef {import("./types.js").Kind} Kind */
/** @typedef {import("./types.js").Change} Change */
/** @typedef {import("./types.js").OutboxRecord} OutboxRecord */
/** @typedef {import("./types.js").Entry} Entry */
/** @typedef {import("./types.js").About} About */
/** @typedef {import("./bytes.js").Bytes} Bytes */

const TRIES = 5;
const DAY = 86_400_000;

/** Opens (or makes) the tablet's store. @param {{database?: Database, now?: () => number}} [around] @returns {Promise<Store>} */
export async function openStore({ database = new Database(), now = Date.now } = {}) {
  const wrap = (await database.get("device", "key")) ?? (await firstKey(database));
  const store = new Store(database, wrap, now);
  await store.refresh();
  return store;
}

/** Two tabs may come here at the same moment: the first key that is kept is the one of both. @param {Database} database @returns {Promise<CryptoKey>} */
async function firstKey(database) {
  const fresh = await newDeviceKey();
  return database.write(["device"], async (store) => {
    const kept = await asked(store("device").get("key"));
    if (!kept) store("device").put(fresh, "key");
    return kept ?? fresh;
  });
}

/** What stands against unlocking. @param {Entry} entry @param {number} now @returns {"wiped"|"clock"|"time"|""} */
function against(entry, now) {
  if (entry.wiped) return "wiped";
  if (now < entry.latest - DAY) return "clock";
  return entry.share ? "" : "time";
}

export class Store {
  #wrap;
  /** @type {Map<string, {entry: Entry, about: About}>} */
  #people = new Map();
  /** @type {Desk | undefined} */
  #desk;

  /** @param {Database} database @param {CryptoKey} wrap @param {() => number} now */
  constructor(database, wrap, now) {
    this.database = database;
    this.#wrap = wrap;
    this.now = now;
  }

  /** Who may unlock here; an `expired` one must meet the server first (sync's renew). @returns {{id: string, name: string, expired: boolean}[]} */
  people() {
    return [...this.#people.values()]
      .filter(({ entry }) => !entry.wiped)
      .map(({ entry, about }) => ({ id: entry.id, name: about.name, expired: against(entry, this.now()) !== "" }));
  }

  /** Everybody with something on this tablet, also the wiped whose finished records are not sent yet. @returns {string[]} */
  everybody() {
    return [...this.#people.keys()];
  }

  /** Reads the people anew; lets go of every share whose time is over. */
  async refresh() {
    const ids = await this.database.read(["people"], (store) => asked(store("people").getAllKeys()));
    this.#people.clear();
    for (const id of ids) await this.tick(String(id));
  }

  /** Throws Trouble weak_pin, already, full. @param {import("./types.js").Enrolment} enrolment @returns {Promise<string>} id for unlock() */
  async enrol({ token, person, share, shareDays, sealKey, pin, name = person.name.split(" ")[0] }) {
    checkPin(pin);
    await this.refresh();
    for (const { entry, about } of this.#people.values())
      if (!entry.wiped && about.person.id === person.id) throw new Trouble("already");
    globalThis.navigator?.storage?.persist?.().catch(() => {});
    const id = base64url(random(12));
    const secret = fromBase64url(share);
    const [root, proof] = [random(32), utf8(base64url(random(32)))];
    /** @type {About} */
    const about = { token, lockedProof: await hexHash(proof), name, person, sealKey, shareHash: await hexHash(secret) };
    /** @type {Entry} */
    const entry = {
      id,
      about: await this.#hidden(id, about),
      sign: await newSignKeys(),
      share: await boxed(this.#wrap, `${id} share`, secret),
      ...(await newRoot(id, pin, share, root)),
      proof: await boxed((await recordKeys(root)).box, `${id} proof`, proof),
      life: shareDays * DAY,
      seen: this.now(),
      latest: this.now(),
      wrong: 0,
    };
    await this.database.write(["people"], (store) => void store("people").put(entry));
    this.#people.set(id, { entry, about });
    return id;
  }

  /** Throws WrongPin, Expired, Wiped, Trouble busy. @param {string} id @param {string} pin @param {{takeOver?: boolean}} [how] takeOver: lock the other tab @returns {Promise<Desk>} */
  async unlock(id, pin, { takeOver = false } = {}) {
    const { entry, root } = await this.#opened(id, pin);
    const keys = await recordKeys(root);
    /** @type {Desk} */
    let desk;
    this.#desk?.lock();
    const giveBack = await onlyWriter(this.database, id, takeOver, () => desk?.lock("taken"));
    if (!giveBack) throw new Trouble("busy");
    const { about } = /** @type {{about: About}} */ (this.#people.get(id));
    const proof = text(await unboxed(keys.box, `${id} proof`, /** @type {Bytes} */ (entry.proof)));
    desk = new Desk(this, { entry, about, proof, keys, giveBack });
    this.#desk = desk;
    return desk;
  }

  /** Throws as unlock() does, and weak_pin. @param {string} id @param {string} old @param {string} pin @returns {Promise<void>} */
  async changePin(id, old, pin) {
    checkPin(pin);
    const { root, share } = await this.#opened(id, old);
    const fresh = await newRoot(id, pin, share, root);
    root.fill(0);
    await this.#edit(id, (entry) => Object.assign(entry, fresh));
  }

  /** Destroys the person's key and everything that can be read; finished records stay, sealed, until they are sent. @param {string} id @returns {Promise<void>} */
  async wipe(id) {
    const known = this.#people.get(id);
    if (!known) return;
    const { token, sealKey } = known.about;
    const about = { token, lockedProof: "", sealKey, name: "", person: { id: "", name: "" }, shareHash: "" };
    const hidden = await this.#hidden(id, about);
    const { sign } = known.entry;
    /** @type {Entry} */
    const left = { id, about: hidden, sign, wiped: true, life: 0, seen: 0, latest: 0, wrong: 0 };
    const stays = await this.database.write(["people", "records", "journal", "sealed"], async (store) => {
      store("records").delete(under(id));
      store("journal").delete(under(id));
      const waiting = await asked(store("sealed").count(under(id)));
      if (waiting) store("people").put(left);
      else store("people").delete(id);
      return waiting > 0;
    });
    if (stays) this.#people.set(id, { entry: left, about });
    else this.#people.delete(id);
    if (this.#desk?.personId === id) this.#desk.lock("wiped");
  }

  /** The server was met and the token holds: readable for `shareDays` more. @param {string} id @param {import("./types.js").Renewal} renewal @returns {Promise<boolean>} false: another share than at enrolment, not taken */
  async renew(id, { share, shareDays, sealKey }) {
    const known = this.#people.get(id);
    const secret = fromBase64url(share);
    if (!known || known.entry.wiped || (await hexHash(secret)) !== known.about.shareHash) return false;
    const about = { ...known.about, sealKey };
    const fresh = {
      about: await this.#hidden(id, about),
      share: await boxed(this.#wrap, `${id} share`, secret),
      life: shareDays * DAY,
      seen: this.now(),
      latest: this.now(),
    };
    await this.#edit(id, (entry) => void (entry.wiped || Object.assign(entry, fresh)));
    return true;
  }

  /** Counts the time that has passed. A clock set back gives none, a clock set forward costs some. @param {string} id @returns {Promise<Entry | undefined>} */
  tick(id) {
    return this.#edit(id, (entry) => {
      const now = this.now();
      if (["wiped", "clock"].includes(against(entry, now))) return;
      entry.life -= Math.max(0, now - entry.seen);
      entry.seen = now;
      entry.latest = Math.max(entry.latest, now);
      if (entry.life <= 0) delete entry.share;
    });
  }

  /** What the tablet may show the server without the person: good for a new share and for sealed records, for nobody's name.
   * @param {string} id @returns {{token: string, proof: string}} */
  key(id) {
    const { token = "", lockedProof = "" } = this.#people.get(id)?.about ?? {};
    return { token, proof: lockedProof };
  }

  /** How many finished records wait here, sealed, of everybody, also of the wiped. @returns {Promise<number>} */
  waiting() {
    return this.database.read(["sealed"], (store) => asked(store("sealed").count()));
  }

  /** Finished records as sealed for the server, with their hashes. @param {string} id @returns {Promise<[string, Bytes][]>} */
  async sealed(id) {
    return (await this.database.pairs("sealed", under(id))).map(([key, envelope]) => [key[1], envelope]);
  }

  /** Lets go of envelopes the server has; of a wiped person with them, after the last. @param {string} id @param {string[]} hashes @returns {Promise<void>} */
  async dropSealed(id, hashes) {
    await this.database.write(["people", "sealed"], async (store) => {
      for (const hash of hashes) store("sealed").delete([id, hash]);
      const waiting = await asked(store("sealed").count(under(id)));
      if (!waiting && this.#people.get(id)?.entry.wiped) store("people").delete(id);
    });
    await this.refresh();
  }

  /** Envelopes as a file to carry or to post. @param {string} id @param {Bytes[]} envelopes @returns {Promise<Bytes>} */
  carried(id, envelopes) {
    const { entry } = /** @type {{entry: Entry}} */ (this.#people.get(id));
    return carried(entry.sign, envelopes, new Date(this.now()).toISOString());
  }

  /** For the device check page. @returns {Promise<import("./types.js").Health>} */
  async health() {
    const storage = globalThis.navigator?.storage;
    const { quota = 0, usage = 0 } = (await storage?.estimate?.().catch(() => undefined)) ?? {};
    return { persisted: (await storage?.persisted?.().catch(() => false)) ?? false, quota, used: usage };
  }

  /** @param {string} id @param {About} about @returns {Promise<Bytes>} */
  #hidden(id, about) {
    return boxed(this.#wrap, id, utf8(JSON.stringify(about)));
  }

  /** @param {string} id @param {(entry: Entry) => void} change @returns {Promise<Entry | undefined>} */
  async #edit(id, change) {
    /** @type {Entry | undefined} */
    const entry = await this.database.write(["people"], async (store) => {
      const kept = await asked(store("people").get(id));
      if (!kept) return undefined;
      change(kept);
      store("people").put(kept);
      return kept;
    });
    if (entry) this.#people.set(id, { entry, about: JSON.parse(text(await unboxed(this.#wrap, id, entry.about))) });
    else this.#people.delete(id);
    return entry;
  }

  /** The root key's bytes, if the PIN is right. @param {string} id @param {string} pin @returns {Promise<{entry: Entry, root: Bytes, share: string}>} */
  async #opened(id, pin) {
    const entry = await this.tick(id);
    const why = entry ? against(entry, this.now()) : "wiped";
    if (!entry || why === "wiped") throw new Wiped();
    if (why) throw new Expired(why);
    const { salt, rounds, device, root } = /** @type {Required<Entry>} */ (entry);
    const share = base64url(await unboxed(this.#wrap, `${id} share`, /** @type {Bytes} */ (entry.share)));
    const outer = await outerKey({ pin, salt, rounds, device, share });
    try {
      const opened = await unboxed(outer, id, root);
      if (entry.wrong) await this.#edit(id, (now) => void (now.wrong = 0));
      return { entry, root: opened, share };
    } catch (problem) {
      if (!(problem instanceof Trouble && problem.code === "damaged")) throw problem;
    }
    const wrong = (await this.#edit(id, (now) => void now.wrong++))?.wrong ?? TRIES;
    if (wrong < TRIES) throw new WrongPin(TRIES - wrong);
    await this.wipe(id);
    throw new Wiped();
  }
}

/** @param {string} id @param {string} pin @param {string} share @param {Bytes} root @returns {Promise<Pick<Entry, "salt"|"rounds"|"device"|"root">>} */
async function newRoot(id, pin, share, root) {
  const salt = random(16);
  const device = await newDevicePart();
  const outer = await outerKey({ pin, salt, rounds: ROUNDS, device, share });
  return { salt, rounds: ROUNDS, device, root: await boxed(outer, id, root) };
}
