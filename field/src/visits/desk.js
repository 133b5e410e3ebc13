// Who is at the tablet: people and their PIN in; the desk (what this person may read and write here) out.
import { openStore } from "../store/store.js";

/** @typedef {import("../store/store.js").Desk} Desk */
/** @typedef {{id: string, name: string}} Face */

/** @type {{store: any, desk: Desk | null, real: Desk | null, face: Face | null, me: any}} */
const tablet = { store: null, desk: null, real: null, face: null, me: null };

export async function openTablet() {
  tablet.store ??= await openStore();
  return tablet.store;
}

/** @returns {Promise<(Face & {expired?: boolean})[]>} */
export const faces = async () => (await openTablet()).people();
export const unlocked = () => tablet.desk !== null;
export const practising = () => tablet.desk !== null && tablet.desk !== tablet.real;

/** The desk of the person at the tablet, or of the practice. @returns {Desk} */
export function desk() {
  if (!tablet.desk) throw new Error("locked");
  return tablet.desk;
}

/** What the server said of this person and school; and the address the tablet knocks at. */
export const me = () => tablet.me ?? {};
export const face = () => tablet.face;
/** The voice that is this person's own work; whoever asks for all has none. */
export const ownVoice = () => /** @type {Record<string, string>} */ ({ teacher: "teacher", nurse: "health" })[me().person?.role] ?? "";

/** @param {Face} person @param {string} pin @param {boolean} [takeOver] lock the other window of this person */
export async function unlock(person, pin, takeOver) {
  const opened = await (await openTablet()).unlock(person.id, pin, { takeOver });
  tablet.desk = tablet.real = opened;
  tablet.face = person;
  tablet.me = {};
  await meet();
}

/** What the server last said of the person and the school, and what this tablet calls itself. */
export async function meet() {
  const desk = tablet.real;
  if (!desk || desk.locked) return;
  const [hello, own] = await Promise.all([desk.get("setting", "hello"), desk.get("setting", "me")]);
  tablet.me = { person: desk.person, ...hello, ...own };
}

/** @param {Record<string, any>} more */
export async function rememberMe(more) {
  const desk = /** @type {Desk} */ (tablet.real);
  await desk.put("setting", "me", { ...(await desk.get("setting", "me")), ...more });
  await meet();
}

export function lock() {
  tablet.real?.lock();
  tablet.desk = tablet.real = tablet.face = tablet.me = null;
}

/** Practice: a desk in memory that no sending ever sees. @param {Desk | null} practice null: back to the real one */
export function workAt(practice) {
  tablet.desk = practice ?? tablet.real;
}
export const realDesk = () => /** @type {Desk} */ (tablet.real);

export const IDLE_MS = 10 * 60_000;
let touched = Date.now();
export function touch() {
  touched = Date.now();
}
/** By the clock and not by a timer: a sleeping tablet counts as idle. A clock put back counts as idle too. */
export const idle = (now = Date.now()) => now - touched > IDLE_MS || now < touched - 60_000;
