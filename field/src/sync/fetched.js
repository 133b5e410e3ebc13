// What a tablet carries (plans, lists, meaning, today), a few at a time, swapped together: never half a set.
// What has come is kept aside for the next try, so that a slow line gets there at last.
import { rowsOf } from "./csv.js";
import { Failure } from "./server.js";

/** @typedef {import("../store/store.js").Desk} Desk */
/** @typedef {import("../store/types.js").Change} Change */
/** @typedef {import("./server.js").Server} Server */
/** @typedef {import("./types.js").PlanNote} PlanNote */

const OLD = 60 * 86_400_000; // a plan that is offered no longer stays so long, and longer for a draft
const AT_ONCE = 3; // a browser lets more of them wait, and their time would run

/** @typedef {{tags: Record<string, string>, lists?: string[], gone: Record<string, number>}} Fetched
 * ETag by address · names of the lists here · since when a plan is offered no longer */

/** @param {Desk} desk @param {Server} server @param {(done: number, of: number) => void} on @returns {Promise<PlanNote[]>} */
export async function fetchSet(desk, server, on) {
  /** @type {Fetched} */
  const before = (await desk.get("setting", "fetched")) ?? { tags: {}, gone: {} };
  /** @type {Fetched} */
  const fetched = { tags: {}, gone: before.gone };
  /** @type {PlanNote[]} */
  const plans = (await server.ask("field/plans", { is: "json" })).value;
  const whole = Array.isArray(plans) && plans.every((plan) => plan?.form_id && typeof plan.version === "string" && plan.url);
  if (!whole) throw new Failure("strange");
  const lists = [...new Set(plans.flatMap((plan) => plan.lists ?? []))];
  fetched.lists = lists;
  const dropped = (before.lists ?? []).filter((name) => !lists.includes(name)); // whose names are this person's no longer
  let done = 0;
  /** @type {string[]} */
  const aside = (await desk.get("setting", "aside")) ?? [];
  /** @param {string} path @param {"json"|"csv"} is @param {(value: any) => Change | null} kept @returns {Promise<Change[]>} */
  const part = async (path, is, kept) => {
    /** @type {{etag: string, change: Change} | undefined} */
    const waits = aside.includes(path) ? await desk.get("setting", `aside/${path}`) : undefined;
    const had = waits?.etag ?? before.tags[path];
    const headers = had ? { "If-None-Match": had } : undefined;
    const { status, etag, value } = await server.ask(path, { is, headers, good: had ? [200, 304] : [200] });
    on(++done, plans.length + lists.length + 2);
    fetched.tags[path] = status === 304 ? had : etag;
    if (status === 304) return waits ? [waits.change] : [];
    const change = kept(value);
    if (!change) throw new Failure("strange");
    if (etag) {
      if (!aside.includes(path)) aside.push(path);
      await desk.change([
        { kind: "setting", id: `aside/${path}`, value: { etag, change } },
        { kind: "setting", id: "aside", value: aside },
      ]);
    }
    return [change];
  };
  const changes = await fewAtOnce([
    () => part("field/today", "json", (value) => Array.isArray(value?.children) ? { kind: "today", id: "today", value } : null),
    ...lists.map((name) => () =>
      part(`lists/${encodeURIComponent(name)}.csv`, "csv", (text) => {
        const rows = rowsOf(text);
        return rows && { kind: "list", id: name, value: { rows } };
      }),
    ),
    ...plans.map((note) => () =>
      part(note.url, "json", (plan) => plan && typeof plan === "object" && { kind: "plan", id: idOf(note), value: { ...note, plan } }),
    ),
    () => part("field/meaning", "json", (value) => value && { kind: "meaning", id: "meaning", value }).catch((problem) => {
      if (problem.code !== "no_meaning") throw problem; // no pack has been published yet
      return [];
    }),
  ]);
  const old = await oldPlans(desk, fetched, plans);
  await desk.change([
    ...changes.flat(),
    ...old,
    ...dropped.map((id) => /** @type {Change} */ ({ kind: "list", id })),
    ...aside.map((path) => /** @type {Change} */ ({ kind: "setting", id: `aside/${path}` })),
    { kind: "setting", id: "aside" },
    { kind: "setting", id: "plans", value: plans },
    { kind: "setting", id: "fetched", value: fetched },
  ]);
  return plans;
}

/** In their order; after a failure nothing new is begun. @template T @param {(() => Promise<T>)[]} jobs @returns {Promise<T[]>} */
async function fewAtOnce(jobs) {
  /** @type {T[]} */
  const results = [];
  let next = 0;
  const lane = async () => {
    while (next < jobs.length) {
      const mine = next++;
      try {
        results[mine] = await jobs[mine]();
      } catch (problem) {
        next = jobs.length;
        throw problem;
      }
    }
  };
  for (const one of await Promise.allSettled(Array.from({ length: AT_ONCE }, lane))) if (one.status === "rejected") throw one.reason;
  return results;
}

/** @param {{form_id: string, version: string}} plan @returns {string} */
const idOf = ({ form_id, version }) => `${form_id}/${version}`;

/** Notes which plans are offered no longer; those gone for long, and in no draft, may go. @param {Desk} desk @param {Fetched} fetched @param {PlanNote[]} plans @returns {Promise<Change[]>} */
async function oldPlans(desk, fetched, plans) {
  const offered = new Set(plans.map(idOf));
  /** @type {PlanNote[]} */
  const known = (await desk.get("setting", "plans")) ?? [];
  for (const id of known.map(idOf)) if (!offered.has(id)) fetched.gone[id] ??= desk.now();
  for (const id of offered) delete fetched.gone[id];
  const old = Object.keys(fetched.gone).filter((id) => desk.now() - fetched.gone[id] > OLD);
  if (!old.length) return [];
  const drafts = new Set((await desk.all("draft")).map(([, draft]) => `${draft?.formId}/${draft?.version}`));
  return old
    .filter((id) => !drafts.has(id))
    .map((id) => (delete fetched.gone[id], { kind: "plan", id }));
}

/** Pictures and sounds, one by one, kept under their MD5; a form can be asked before they are here. @param {Desk} desk @param {Server} server @param {PlanNote[]} plans @param {(done: number, of: number) => void} on */
export async function fetchMedia(desk, server, plans, on) {
  /** @type {string[]} */
  const had = (await desk.get("setting", "media")) ?? [];
  const wanted = new Map(plans.flatMap((plan) => (plan.media ?? []).map((medium) => [medium.md5, medium.url])));
  const have = new Set(had);
  const missing = [...wanted].filter(([md5]) => !have.has(md5));
  for (const [at, [md5, url]] of missing.entries()) {
    on(at, missing.length);
    const { value } = await server.ask(url, { is: "bytes" });
    have.add(md5);
    await desk.change([
      { kind: "file", id: `media/${md5}`, value },
      { kind: "setting", id: "media", value: [...have] },
    ]);
  }
  const old = had.filter((md5) => !wanted.has(md5));
  if (!old.length) return;
  await desk.change([
    ...old.map((md5) => /** @type {Change} */ ({ kind: "file", id: `media/${md5}` })),
    { kind: "setting", id: "media", value: [...wanted.keys()] },
  ]);
}
