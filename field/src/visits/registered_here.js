// A finished registration in; the child on the tablet's lists at once, before the server has met it, out.
import { desk, me } from "./desk.js";

/** @typedef {{id: string, label: string, row: Record<string, string>}} Registered */
const LIST = "learners";

/** @returns {Promise<Registered[]>} */
export const registeredHere = async () => (await desk().get("setting", "registered")) ?? [];

/** The child a record registers, as the list will have it: `r_given_names` is saved to `given_names`.
 * @param {string} xml @param {Record<string, string>} named @returns {Registered | null} */
export function registration(xml, named) {
  const entity = new DOMParser().parseFromString(xml, "text/xml").querySelector(`entity[dataset=${LIST}][create]`);
  const id = entity?.getAttribute("id");
  if (!entity || !id) return null;
  const label = entity.querySelector("label")?.textContent ?? "";
  const row = Object.fromEntries(Object.entries(named).flatMap(([name, value]) => (/^[a-z]_/.test(name) ? [[name.slice(2), value]] : [])));
  return { id, label, row };
}

/** What the server will make of it: the class decides, by its name; without one it knows, the only class of the grade.
 * @param {Record<string, string>} row @param {{school: string, name: string, grade: string}[]} classes @param {string} [own] where the form names no school @returns {Record<string, string>} */
export function placed(row, classes, own = me().school?.emis) {
  const same = (/** @type {string} */ one, other = "") => one.trim().toLowerCase() === other.trim().toLowerCase();
  const here = classes.filter(({ school }) => school === (row.school_emis?.trim() || own));
  const ofGrade = here.filter(({ grade }) => grade === row.grade?.trim());
  const found = here.find(({ name }) => same(name, row.class_name)) ?? (ofGrade.length === 1 ? ofGrade[0] : undefined);
  return found ? { ...row, class_name: found.name, grade: found.grade } : row;
}

let turn = Promise.resolve();

/** One change after the other. @param {import("./desk.js").Desk} at @param {(all: Registered[]) => Registered[] | Promise<Registered[]>} change */
function edit(at, change) {
  const done = turn.then(async () => {
    const before = (await at.get("setting", "registered")) ?? [];
    const after = await change(before);
    if (after.length !== before.length || after.some((one, nth) => one !== before[nth])) await at.put("setting", "registered", after);
  });
  turn = done.catch(() => {});
  return done;
}

/** The child is on the lists from the moment its record is finished, and not before: a kill in between would leave a
 * child that no record speaks of. @param {Registered} child @param {(change: import("../store/types.js").Change) => Promise<void>} finalise */
export function remember(child, finalise) {
  const done = turn.then(async () => {
    const row = placed(child.row, (await desk().get("today", "today"))?.classes ?? []);
    const value = [...(await registeredHere()).filter((one) => one.id !== child.id), { ...child, row }];
    await finalise({ kind: "setting", id: "registered", value });
  });
  turn = done.catch(() => {});
  return done;
}

/** Once the server has met a child, it alone says whose the child is. @param {import("./desk.js").Desk} at */
export const letGoOfMet = (at) => edit(at, async (all) => {
  if (!all.length) return all;
  const [today, list, receipts] = await Promise.all([at.get("today", "today"), at.get("list", LIST), at.all("receipt")]);
  const met = new Set([...(today?.children ?? []).map((/** @type {any} */ child) => child.id), ...(list?.rows ?? []).map((/** @type {any} */ row) => row.name)]);
  for (const [, { keep, state, receivedAt }] of receipts)
    if (keep?.informant === "register" && state === "in case" && Date.parse(receivedAt) < Date.parse(today?.as_of)) met.add(keep.child);
  return all.filter((one) => !met.has(one.id));
});

/** The server's rows, and those it does not know yet, as Collect would have them. @param {string} list @param {Record<string, string>[]} rows */
export async function withRegistered(list, rows) {
  if (list !== LIST) return rows;
  const mine = await registeredHere();
  if (!mine.length) return rows;
  const known = new Set(rows.map((row) => row.name));
  const wave = (await desk().get("today", "today"))?.wave?.id ?? "";
  const own = mine.filter((one) => !known.has(one.id));
  return [...own.map(({ id, label, row }) => ({ ...row, class: row.class_name ?? "", wave, name: id, label, __version: "1", __trunkVersion: "", __branchId: id })), ...rows];
}
