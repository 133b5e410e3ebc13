// A tablet in; whether it can be trusted with a day's work, item by item, out.
import { openTablet } from "./desk.js";

/** @typedef {{name: "browser"|"crypto"|"storage"|"quota"|"clock"|"offline", ok: boolean | null, value: string | number, must: boolean}} Item  null: not known */
const LEAST_CHROMIUM = 90;
const LEAST_MB = 50;
const MOST_SECONDS_OFF = 300;

/** @param {number | null} clockOff seconds ahead of the server, null: not met @returns {Promise<Item[]>} */
export async function deviceCheck(clockOff) {
  const version = Number(/(?:Chrome|CriOS)\/(\d+)/.exec(navigator.userAgent)?.[1] ?? 0);
  const able = "indexedDB" in globalThis && "serviceWorker" in navigator && "structuredClone" in globalThis || version >= LEAST_CHROMIUM;
  const [cryptoWorks, persisted, room] = await Promise.all([canEncrypt(), persist(), roomLeft()]);
  return [
    { name: "browser", ok: able && (!version || version >= LEAST_CHROMIUM), value: version || "?", must: true },
    { name: "crypto", ok: cryptoWorks, value: "", must: true },
    { name: "storage", ok: persisted, value: "", must: false },
    { name: "quota", ok: room === null ? null : room >= LEAST_MB, value: room ?? "?", must: false },
    { name: "clock", ok: clockOff === null ? null : Math.abs(clockOff) <= MOST_SECONDS_OFF, value: Math.round(Math.abs(clockOff ?? 0) / 60), must: false },
    { name: "offline", ok: null, value: "", must: false },
  ];
}

async function canEncrypt() {
  try {
    const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
    await crypto.subtle.deriveBits({ name: "ECDH", public: pair.publicKey }, pair.privateKey, 256);
    await openTablet();
    return true;
  } catch {
    return false;
  }
}

async function persist() {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return false;
  }
}

async function roomLeft() {
  try {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    return Math.floor((quota - usage) / 1_000_000);
  } catch {
    return null;
  }
}

/** Whether the program itself is on the tablet, and will start without a network; on a slow line that takes a while. */
export async function programHere() {
  if (!("serviceWorker" in navigator)) return false;
  return Promise.race([navigator.serviceWorker.ready.then(() => true), new Promise((done) => setTimeout(() => done(false), 120_000))]).then(Boolean);
}
