// The program's files in; the same program without a network, out. Never a page of the server, never data, never a post.
// The server ends this file with the version of all files, so a browser takes a new worker when any of them changed.

const NOW = "khula-now";
const SCOPE = "/field/";
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener("install", (event) => event.waitUntil(fetchAll()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("message", (event) => {
  // Said by the page when no interview is on the screen.
  if (event.data === "now") void worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin || !address.pathname.startsWith(SCOPE)) return;
  if (["files.json", "sw.js"].includes(address.pathname.slice(SCOPE.length))) return;
  event.respondWith(answer(event.request, address));
});

/** Whole or not at all: a file that is not the one listed fails the install, and the old program stays. */
async function fetchAll() {
  const { version, files } = await (await fetch(SCOPE + "files.json", { cache: "no-store" })).json();
  const cache = await caches.open(`khula-${version}`);
  await Promise.all(Object.entries(files).map(async ([path, tag]) => {
    const answered = await fetch(SCOPE + path, { cache: "no-cache", credentials: "omit" });
    if (!answered.ok || !answered.headers.get("ETag")?.includes(tag)) throw new Error(`not as listed: ${path}`);
    await cache.put(SCOPE + path, answered);
  }));
  await (await caches.open(NOW)).put(SCOPE + "next", new Response(version));
}

async function takeOver() {
  const marks = await caches.open(NOW);
  const next = await marks.match(SCOPE + "next");
  if (next) await marks.put(SCOPE + "now", next);
  const keep = await filesAtWork();
  for (const each of await caches.keys()) if (each.startsWith("khula-") && each !== NOW && each !== keep) await caches.delete(each);
  await worker.clients.claim();
}

/** The files of the worker at work, also while the next one waits beside it. */
async function filesAtWork() {
  const version = await (await caches.open(NOW)).match(SCOPE + "now");
  return version ? `khula-${await version.text()}` : "";
}

/** A worker at work serves one program; which one, it looks up once. @type {Promise<Cache> | undefined} */
let program;

/** @param {Request} request @param {URL} address */
async function answer(request, address) {
  program ??= filesAtWork().then((name) => caches.open(name || NOW));
  const path = request.mode === "navigate" ? SCOPE : address.pathname;
  const found = await program.then((cache) => cache.match(path)).catch(() => void (program = undefined));
  return found ?? fetch(request);
}
