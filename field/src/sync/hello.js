// What needs no PIN: the first contact, a share renewed, sealed records sent or written to files.
import { FIRST_LINE } from "../store/seal.js";
import { postSealed } from "./outbox.js";
import { Failure, Server } from "./server.js";

/** @typedef {import("../store/store.js").Store} Store */
/** @typedef {import("../store/bytes.js").Bytes} Bytes */
/** @typedef {import("./types.js").Problem} Problem */
/** @typedef {import("../store/types.js").Enrolment} Enrolment */

const ENOUGH = 8_000_000; // bytes in one file, unless one record alone is larger

/** @param {Server} server @param {() => number} now @param {boolean} [locked] to a locked tablet the server names nobody
 * @returns {Promise<{said: import("../store/types.js").Renewal & {person: Enrolment["person"], school: any}, clockOff: number}>} */
export async function greet(server, now, locked) {
  const before = now();
  const { value } = await server.ask("field/hello", { is: "json" });
  const middle = (before + now()) / 2;
  const { person, school, share, share_days: shareDays, seal_key: sealKey, time } = value ?? {};
  if (!(locked || (person?.id && typeof person.name === "string")) || !/^[\w-]{43}$/.test(share) || !(shareDays > 0) || !sealKey?.jwk?.x)
    throw new Failure("strange");
  return { said: { person, school, share, shareDays, sealKey }, clockOff: (middle - Date.parse(time)) / 1000 || 0 };
}

/** @param {unknown} problem @returns {Problem} */
const named = (problem) => (problem instanceof Failure ? problem.problem : "store");

/** First contact: what enrol() needs besides the PIN. @param {string} token @param {typeof fetch} [ask] @returns {Promise<{problem: Problem, clockOff: number, enrolment?: Omit<Enrolment, "pin">}>} */
export async function hello(token, ask) {
  try {
    const { said, clockOff } = await greet(new Server({ token }, ask), Date.now);
    const { person, share, shareDays, sealKey } = said;
    return { problem: "", clockOff, enrolment: { token, person, share, shareDays, sealKey } };
  } catch (problem) {
    return { problem: named(problem), clockOff: 0 };
  }
}

/** Renews an expired person's share, or wipes a revoked one. @param {Store} store @param {string} personId @param {typeof fetch} [ask] @returns {Promise<Problem>} "" = can be unlocked again */
export async function renew(store, personId, ask) {
  try {
    const { said } = await greet(new Server(store.key(personId), ask), store.now, true);
    return (await store.renew(personId, said)) ? "" : "share";
  } catch (problem) {
    if (named(problem) === "revoked") await store.wipe(personId).catch(() => {});
    return named(problem);
  }
}

/** How many finished records wait here, of everybody who has worked here. @param {Store} store @returns {Promise<number>} */
export const sealedHere = (store) => store.waiting();

/** Posts the sealed finished records of everybody on this tablet. Of who is not let in any more, somebody else who works here hands
 * them in: what is sealed and signed may come from anybody. @param {Store} store @param {typeof fetch} [ask] @returns {Promise<{sent: number, left: number, problem: Problem}>} */
export async function sendSealed(store, ask) {
  const outcome = { sent: 0, left: 0, problem: /** @type {Problem} */ ("") };
  const others = store.people().map(({ id }) => id);
  for (const id of store.everybody()) {
    const servers = [...new Set([id, ...others])].map((one) => new Server(store.key(one), ask));
    for (const some of await portions(store, id)) {
      try {
        const { envelopes } = await postedByAny(servers, await store.carried(id, some.map(([, bytes]) => bytes)));
        const taken = some.map(([hash]) => hash).filter((hash) => envelopes?.[hash] === "received");
        await store.dropSealed(id, taken);
        outcome.sent += taken.length;
        outcome.left += some.length - taken.length;
        if (taken.length < some.length) outcome.problem ||= "unconfirmed";
      } catch (problem) {
        outcome.left += some.length;
        outcome.problem ||= named(problem);
      }
    }
  }
  return outcome;
}

/** The first that is let in stays the first. @param {Server[]} servers @param {Bytes} body @returns {Promise<any>} */
async function postedByAny(servers, body) {
  for (;;) {
    try {
      return await postSealed(servers[0], body);
    } catch (problem) {
      if (servers.length < 2 || !["revoked", "refused", "unknown", "another"].includes(named(problem))) throw problem;
      servers.shift();
    }
  }
}

/** Files to carry to a coordinator. @param {Store} store @returns {Promise<{name: string, bytes: Bytes, records: number}[]>} */
export async function filesToCarry(store) {
  const files = [];
  for (const id of store.everybody())
    for (const some of await portions(store, id)) {
      const name = `khula-${new Date(store.now()).toISOString().slice(0, 10)}-${some[0][0].slice(0, 8)}.khula`;
      files.push({ name, bytes: await store.carried(id, some.map(([, bytes]) => bytes)), records: some.length });
    }
  return files;
}

/** @param {Store} store @param {string} id @returns {Promise<[string, Bytes][][]>} */
async function portions(store, id) {
  /** @type {[string, Bytes][][]} */
  const all = [];
  let size = Infinity;
  for (const one of await store.sealed(id).catch(() => [])) {
    size += one[1].length + FIRST_LINE.length;
    if (size > ENOUGH) {
      all.push([]);
      size = one[1].length;
    }
    all[all.length - 1].push(one);
  }
  return all;
}
