// IndexedDB: work on object stores in; its result out, only when it is on disk (durability 'strict', on `complete`).
import { Trouble } from "./trouble.js";

/** One step for each version of the schema, never changed once released. @type {((database: IDBDatabase) => void)[]} */
export const STEPS = [
  (database) => {
    database.createObjectStore("device"); // this tablet's wrapping key; leases of writers
    database.createObjectStore("people", { keyPath: "id" });
    database.createObjectStore("records"); // [person, kind, id], the last two as HMACs
    database.createObjectStore("journal"); // [person, draft as HMAC, number]
    database.createObjectStore("sealed"); // [person, hash]: envelopes for the server
  },
];
export const NAME = "khula";
/** After these the connection is dead (pressure, private mode, a tab that cleared the data): a new one may work. */
const PAUSES = [0, 100, 1000];

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {string[]} start @returns {IDBKeyRange} every key that begins so: an array sorts behind every text and number */
export const under = (...start) => IDBKeyRange.bound(start, [...start, []]);

export class Database {
  /** @type {Promise<IDBDatabase> | undefined} */
  #open;

  constructor(name = NAME, steps = STEPS) {
    this.name = name;
    this.steps = steps;
  }

  /** Work places requests and may wait for them and for nothing else; it may run twice.
   * @template T @param {string[]} stores @param {(store: (name: string) => IDBObjectStore) => T | Promise<T>} work @returns {Promise<T>} */
  write(stores, work) {
    return this.#run("readwrite", stores, work);
  }

  /** @template T @param {string[]} stores @param {(store: (name: string) => IDBObjectStore) => T | Promise<T>} work @returns {Promise<T>} */
  read(stores, work) {
    return this.#run("readonly", stores, work);
  }

  /** @param {string} name @param {IDBValidKey} key @returns {Promise<any>} */
  get(name, key) {
    return this.read([name], (store) => asked(store(name).get(key)));
  }

  /** Keys with their values, in the order of the keys. @param {string} name @param {IDBKeyRange} range @returns {Promise<[any[], any][]>} */
  pairs(name, range) {
    return this.read([name], async (store) => {
      const keys = await asked(store(name).getAllKeys(range));
      const values = await asked(store(name).getAll(range));
      return values.map((value, at) => [/** @type {any[]} */ (keys[at]), value]);
    });
  }

  close() {
    this.#open?.then((database) => database.close()).catch(() => {});
    this.#open = undefined;
  }

  /** @template T @param {IDBTransactionMode} mode @param {string[]} stores @param {(store: (name: string) => IDBObjectStore) => T | Promise<T>} work @returns {Promise<T>} */
  async #run(mode, stores, work) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#once(mode, stores, work);
      } catch (problem) {
        const { name } = /** @type {Error} */ (problem);
        if (problem instanceof Trouble) throw problem;
        if (name === "QuotaExceededError") throw new Trouble("full", problem);
        if (name === "VersionError") throw new Trouble("newer", problem);
        if (tries >= PAUSES.length) throw new Trouble("unavailable", problem);
        this.close();
        await new Promise((resolve) => setTimeout(resolve, PAUSES[tries]));
      }
    }
  }

  /** @template T @param {IDBTransactionMode} mode @param {string[]} stores @param {(store: (name: string) => IDBObjectStore) => T | Promise<T>} work @returns {Promise<T>} */
  async #once(mode, stores, work) {
    const transaction = (await (this.#open ??= this.#opened())).transaction(stores, mode, { durability: "strict" });
    const complete = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
    });
    try {
      const result = await work((name) => transaction.objectStore(name));
      await complete;
      return result;
    } catch (problem) {
      complete.catch(() => {});
      try {
        transaction.abort();
      } catch {} // it has ended already
      throw transaction.error ?? problem;
    }
  }

  /** @returns {Promise<IDBDatabase>} */
  #opened() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, this.steps.length);
      request.onupgradeneeded = ({ oldVersion }) =>
        this.steps.slice(oldVersion).forEach((step) => step(request.result));
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Trouble("blocked"));
      request.onsuccess = () => {
        const database = request.result;
        const gone = () => (this.#open = undefined);
        database.onclose = gone;
        database.onversionchange = () => (database.close(), gone()); // a newer program may upgrade
        resolve(database);
      };
    }).catch((problem) => {
      this.#open = undefined;
      throw problem;
    });
  }
}
