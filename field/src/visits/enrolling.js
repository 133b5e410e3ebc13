// The token of an enrolment link, a name and a PIN in; a person who can unlock this tablet, out.
import { hello, keepSyncing, renew, sendSealed } from "../sync/sync.js";
import { letGoOfMet } from "./registered_here.js";
import { meet, openTablet, realDesk, rememberMe, unlock } from "./desk.js";

/** @param {string} token */
export const knock = (token) => hello(token);

/** @param {any} enrolment what `knock` brought @param {string} name @param {string} pin */
export async function enrol(enrolment, name, pin) {
  const store = await openTablet();
  const id = await store.enrol({ ...enrolment, name, pin });
  await unlock({ id, name }, pin);
  await rememberMe({ device: id });
}

/** PINs that somebody would try first. @param {string} pin @returns {"short" | "easy" | ""} */
export function weakness(pin) {
  if (!/^\d{6,8}$/.test(pin)) return "short";
  const steps = new Set([...pin].slice(1).map((digit, at) => Number(digit) - Number(pin[at])));
  return steps.size === 1 && [-1, 0, 1].includes([...steps][0]) ? "easy" : "";
}

/** Rounds by themselves, for as long as the desk is open. In practice too they send only what is real.
 * @param {(outcome: any) => void} after */
export function syncForEver(after) {
  const mine = realDesk();
  /** @type {((outcome: any) => void)[]} */
  let waiting = [];
  const rounds = keepSyncing(mine, { after: async (outcome) => {
    await Promise.allSettled([meet(), letGoOfMet(mine)]);
    after(outcome);
    for (const each of waiting) each(outcome);
    waiting = [];
  } });
  return {
    /** One round now; comes back when it is over. @returns {Promise<any>} */
    now: () => new Promise((done) => {
      waiting.push(done);
      setTimeout(done, 90_000);
      rounds.now();
    }),
    stop: () => rounds.stop(),
  };
}

/** From the lock screen, without a PIN. @param {string} personId */
export const meetServer = async (personId) => renew(await openTablet(), personId);
export const sendWithoutPin = async () => sendSealed(await openTablet());
