// A tablet for tests in Node: IndexedDB in memory, a clock to turn, people to enrol.
import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

globalThis.crypto ??= webcrypto; // Node 18
const { resolve } = createRequire(new URL("../../field/package.json", import.meta.url));
await import(pathToFileURL(resolve("fake-indexeddb/auto")));
const { setInterval: every } = globalThis;
globalThis.setInterval = (...how) => every(...how).unref(); // a tab left open does not keep the tests waiting

export const { Database, STEPS } = await import("../../field/src/store/database.js");
export const { openStore } = await import("../../field/src/store/store.js");
export const DAY = 86_400_000;
export const PIN = "482915";
let number = 0;

export async function tablet(clock = { time: Date.UTC(2026, 2, 2, 8) }) {
  const database = new Database(`tablet ${number++}`);
  const open = () => openStore({ database: new Database(database.name), now: () => clock.time });
  return { clock, database, open, store: await open() };
}
