// One tab at a time: a name in; the right to write until it is given back, or null when another tab has it, out.
import { asked } from "./database.js";

const LEASE = 15_000; // milliseconds; only where the browser has no Web Locks
const RENEW = 5_000;
const TRIES = 6; // a tab that was closed, or locked just now, needs a moment to let go

/** @param {import("./database.js").Database} database @param {string} name @param {boolean} takeOver @param {() => void} taken another tab took over
 * @returns {Promise<(() => void) | null>} gives it back */
export async function onlyWriter(database, name, takeOver, taken) {
  const locks = globalThis.navigator?.locks;
  for (let tries = 1; ; tries++) {
    const giveBack = await (locks ? locked(locks, name, takeOver, taken) : leased(database, name, takeOver, taken));
    if (giveBack || tries === TRIES) return giveBack;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @param {LockManager} locks @param {string} name @param {boolean} takeOver @param {() => void} taken @returns {Promise<(() => void) | null>} */
function locked(locks, name, takeOver, taken) {
  return new Promise((resolve) => {
    const how = takeOver ? { steal: true } : { ifAvailable: true };
    locks
      .request(`khula ${name}`, how, (lock) => lock ? new Promise((giveBack) => resolve(() => giveBack(null))) : resolve(null))
      .catch(taken);
  });
}

/** @param {import("./database.js").Database} database @param {string} name @param {boolean} takeOver @param {() => void} taken @returns {Promise<(() => void) | null>} */
async function leased(database, name, takeOver, taken) {
  const me = Math.random();
  const key = `lease ${name}`;
  const renew = (/** @type {boolean} */ force) =>
    database.write(["device"], async (store) => {
      const lease = await asked(store("device").get(key));
      const age = Date.now() - lease?.at;
      if (!force && lease && lease.me !== me && age >= 0 && age < LEASE) return false;
      store("device").put({ me, at: Date.now() }, key);
      return true;
    });
  if (!(await renew(takeOver))) return null;
  const timer = setInterval(async () => {
    const mine = await renew(false).catch(() => true);
    if (mine) return;
    clearInterval(timer);
    taken();
  }, RENEW);
  return () => {
    clearInterval(timer);
    database
      .write(["device"], async (store) => {
        if ((await asked(store("device").get(key)))?.me === me) store("device").delete(key);
      })
      .catch(() => {});
  };
}
