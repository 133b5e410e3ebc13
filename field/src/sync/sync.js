// Talking to the server: an open desk in; what was fetched, sent and received out. Nothing here throws.
import { Trouble } from "../store/store.js";
import { fetchMedia, fetchSet } from "./fetched.js";
import { greet } from "./hello.js";
import { outbox, pause, sendOutbox, STUCK, takeReceipts } from "./outbox.js";

export { takeReceiptFile } from "./outbox.js";
import { Failure, Server } from "./server.js";

export { filesToCarry, hello, renew, sealedHere, sendSealed } from "./hello.js";

/** @typedef {import("../store/store.js").Desk} Desk */
/** @typedef {import("./types.js").Outcome} Outcome */
/** @typedef {import("./types.js").Problem} Problem */
/** @typedef {import("./types.js").Progress} Progress */
/** @typedef {import("./types.js").How} How */

const DAY = 86_400_000;
export const SPREAD = 20_000; // milliseconds over which tablets come back together

/** One round. @param {Desk} desk @param {How} [how] @returns {Promise<Outcome>} */
export async function sync(desk, { on = () => {}, all = false, version = "", ask, chance = Math.random } = {}) {
  const server = new Server(desk, ask);
  /** @type {Outcome} */
  const outcome = { online: false, sent: 0, received: 0, stuck: 0, waiting: 0, problem: "", clockOff: 0 };
  let over = false; // no network, somebody else's network, or no desk: the steps to come would only meet the same

  /** @param {Progress["step"]} name @param {(on: (done: number, of: number) => void) => Promise<void>} work */
  const step = async (name, work) => {
    if (over) return;
    try {
      await work((done, of) => on({ step: name, done, of }));
    } catch (problem) {
      const what = problemOf(problem);
      outcome.problem ||= what;
      over = ["offline", "portal", "revoked", "unknown", "another", "locked"].includes(what);
      if (what === "unknown") desk.lock("unknown"); // whoever it is, is not let in; what is here stays
    }
  };

  await step("hello", async () => {
    const { said, clockOff } = await greet(server, () => desk.now()).catch(async (problem) => {
      if (problem.problem === "revoked") await desk.wipe();
      throw problem;
    });
    outcome.clockOff = clockOff;
    if (!(await desk.renew(said))) throw new Failure("share");
    await desk.put("setting", "hello", { person: said.person, school: said.school, clockOff });
  });
  await step("keys", async () => {
    // Each day again: a server that was restored from a backup may not know them any more.
    const since = desk.now() - ((await desk.get("setting", "keys")) ?? 0);
    if (since >= 0 && since < DAY) return;
    await server.post("field/keys", { sign_jwk: await desk.signJwk(), proof: desk.proof }, { good: [200, 204] });
    await desk.put("setting", "keys", desk.now());
  });
  await step("outbox", async (told) => {
    outcome.sent = await sendOutbox(desk, server, chance, told, all).catch((problem) => {
      outcome.sent = problem.sent ?? 0;
      throw problem;
    });
  });
  /** @type {import("./types.js").PlanNote[] | undefined} */
  let plans;
  await step("plans", async (told) => void (plans = await fetchSet(desk, server, told)));
  await step("receipts", async () => {
    const { received, lied } = await takeReceipts(desk, server, chance);
    outcome.received = received;
    if (lied) throw new Failure("unconfirmed");
  });
  await step("media", async (told) => void (plans && (await fetchMedia(desk, server, plans, told))));
  const records = await outbox(desk).catch(() => []);
  outcome.waiting = records.length;
  outcome.stuck = records.filter(({ tries }) => tries >= STUCK).length;
  await step("status", async () => {
    const { waiting, stuck, problem, clockOff } = outcome;
    const oldest = records[0]?.made ?? null;
    const browser = globalThis.navigator?.userAgent ?? "";
    const report = { waiting, stuck, oldest, problem, ...(await desk.health()), clock_off_s: Math.round(clockOff), version, browser };
    await server.post("field/status", report, { good: [200, 204] });
  });
  outcome.online = server.met;
  return outcome;
}

/** @param {unknown} problem @returns {Problem} */
function problemOf(problem) {
  if (problem instanceof Failure) return problem.problem;
  const code = problem instanceof Trouble ? problem.code : "";
  return code === "full" || code === "locked" ? code : "store";
}

/** Rounds for ever, 5 s … 15 min apart; at once when the tablet is looked at again, soon when the network comes back.
 * @param {Desk} desk @param {How & {after?: (outcome: Outcome) => void}} [how] @returns {{now(): void, stop(): void}} */
export function keepSyncing(desk, { after = () => {}, ...how } = {}) {
  const chance = how.chance ?? Math.random;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failed = 0;
  let all = false; // somebody has asked for it
  let state = "resting"; // or "busy", or "again": asked for while busy
  const round = async () => {
    if (state !== "resting") return void (state = "again");
    state = "busy";
    clearTimeout(timer);
    const asked = all;
    all = false;
    const outcome = await sync(desk, { ...how, all: asked });
    after(outcome);
    if (desk.locked) return stop();
    failed = outcome.problem || outcome.waiting ? failed + 1 : 0;
    const again = /** @type {string} */ (state) === "again";
    state = "resting";
    timer = setTimeout(round, again ? 0 : failed ? pause(failed - 1, chance) : pause(99, chance));
  };
  const now = () => {
    failed = 0;
    round();
  };
  /** A whole school meets the network at the same moment: not all at once. */
  const soon = () => {
    if (state !== "resting") return now();
    clearTimeout(timer);
    timer = setTimeout(now, chance() * SPREAD);
  };
  const byHand = () => {
    all = true;
    now();
  };
  const seen = () => document.visibilityState === "visible" && now();
  const stop = () => {
    clearTimeout(timer);
    globalThis.removeEventListener?.("online", soon);
    globalThis.document?.removeEventListener("visibilitychange", seen);
  };
  globalThis.addEventListener?.("online", soon);
  globalThis.document?.addEventListener("visibilitychange", seen);
  now();
  return { now: byHand, stop };
}
