// The sealed records of everybody on this tablet in; files on its disk for a coordinator, out. Nobody on the way can read
// or change them, so no PIN is asked for.
import { carried, readReceipts } from "../visits/carrying.js";
import { el, fill, fresh, once } from "./dom.js";
import { t } from "../words/words.js";

/** A button, and what it says. */
export function carryButton() {
  const said = el("p", { role: "status" });
  return el("div", {}, el("button", { onclick: once(() => carry(said)) }, t("outbox.carry")), el("p.hint", {}, t("outbox.carry.hint")), said);
}

/** What the coordinator gives back: with it the tablet lets go of what has arrived, and of nothing else. */
export function receiptsField() {
  const [id, said] = [fresh(), el("p", { role: "status" })];
  const input = el("input", { id, type: "file", accept: ".json,application/json", "aria-describedby": `${id}h`, onchange: async () => {
    const file = input.files?.[0];
    if (!file) return;
    const read = await readReceipts(file);
    input.value = "";
    fill(said, read ? t("receipts.read", { n: read.received, m: read.left }) : t("receipts.none"));
  } });
  return el("div.field", {}, el("label", { for: id }, t("receipts")), el("p.hint", { id: `${id}h` }, t("receipts.hint")), input, said);
}

/** A browser saves one file at a tap; for more there is a button each. @param {HTMLElement} said */
async function carry(said) {
  const files = await carried();
  if (files.length === 1) save(files[0]);
  fill(said, !files.length ? t("outbox.carry.none") : files.length === 1 ? files[0].name
    : [t("outbox.carry.each"), files.map((file, at) => el("button.wide", { onclick: () => save(file) }, t("outbox.carry.file", { n: at + 1, m: files.length })))]);
}

/** @param {{name: string, bytes: Uint8Array}} file */
function save({ name, bytes }) {
  const address = URL.createObjectURL(new Blob([/** @type {any} */ (bytes)], { type: "application/octet-stream" }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
