// A person has just unlocked: where they go on, what begins to run beside them, and how it ends.
import { faces, face, idle, lock, me, touch, unlocked, desk } from "../visits/desk.js";
import { forgetInterview, openInterview, putInterviewAway } from "../visits/at_hand.js";
import { el } from "./dom.js";
import { bar } from "./bar.js";
import { again, current, go, only, start as startRouter } from "./router.js";
import { speak, spoken, t } from "../words/words.js";

/** @type {{now(): Promise<any>, stop(): void} | null} */
let rounds = null;
/** What the last round said. @type {any} */
let last = null;

export const lastRound = () => last;
export const roundNow = () => rounds?.now();

/** @param {import("./router.js").Screens} screens */
export function begin(screens) {
  startRouter(screens, () => unlocked() && !locking, () => bar(() => void lockNow()));
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touch, { passive: true });
  setInterval(lockIfIdle, 15_000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void putInterviewAway().catch(() => {});
    else lockIfIdle();
  });
  addEventListener("pageshow", lockIfIdle);
}

function lockIfIdle() {
  if (unlocked() && idle()) void lockNow("lock.idle");
}

export async function afterUnlock() {
  touch();
  const mine = me().person?.language;
  if (mine && !localStorage.getItem("language") && mine !== spoken()) await speak(mine);
  /** @type {any} */ (desk()).onlocked = (/** @type {string} */ why) => void lockNow(`lock.${why}`);
  const { syncForEver } = await import("../visits/enrolling.js");
  rounds = syncForEver((outcome) => {
    last = outcome;
    document.dispatchEvent(new Event("synced"));
  });
  const at = await desk().get("setting", "at");
  await only("today");
  if (at?.draft && (await desk().get("draft", at.draft))) await go("visit", { draft: at.draft });
}

/** How long what was typed last may take to be kept before the key goes. */
const MOST_WAIT = 3000;
/** @type {Promise<void> | null} */
let locking = null;

/** Nobody unlocks before the lock is done. */
export const locked = async () => locking;

/** The screen and its history go at once, then the key; the draft stays. @param {string} [said] */
export function lockNow(said) {
  locking ??= (async () => {
    rounds?.stop();
    rounds = null;
    const id = face()?.id;
    const kept = putInterviewAway().catch(() => {});
    const drawn = faces().then((all) => only("lock", { id: all.length > 1 ? undefined : id, said })).catch(() => {});
    await Promise.race([kept, new Promise((done) => setTimeout(done, MOST_WAIT))]);
    forgetInterview();
    lock();
    locking = null;
    await drawn;
  })();
  return locking;
}

/** Whether an interview is on the screen: nothing may interrupt it. */
export const busy = () => Boolean(openInterview()) && ["visit", "review"].includes(current());

/** @type {(() => void) | null} */
let restart = null;

/** A new program is on the tablet; it waits until it is asked to begin, on Today or on the lock screen. @param {() => void} begin */
export function updateReady(begin) {
  restart = begin;
  if (current() === "lock") begin();
  else if (current() === "today") void again();
}

export const update = () =>
  restart && el("p.update", { role: "status" }, t("update"), " ", el("button", { onclick: restart }, t("update.now")));
