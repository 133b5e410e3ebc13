// Every record finished on this tablet and where it is: here, on its way, received; and how to carry what is stuck.
import { finished } from "../visits/caseload.js";
import { el } from "./dom.js";
import { back } from "./router.js";
import { carryButton, receiptsField } from "./carry.js";
import { record } from "./child.js";
import { t } from "../words/words.js";

const MOST = 50;

/** @returns {Promise<import("./router.js").Screen>} */
export async function show() {
  const all = await finished();
  const waiting = all.filter((one) => one.state !== "received");
  const received = all.filter((one) => one.state === "received");
  return {
    title: t("outbox"),
    body: [
      el("p.over", {}, el("button.plain", { onclick: back }, `◀ ${t("back")}`)),
      el("h1", { tabindex: -1 }, t("outbox")), el("p.lead", {}, t("outbox.about")),
      el("section", {}, el("h2", {}, t("outbox.waiting", { n: waiting.length })), el("ul.rows", {}, waiting.map(one)),
        waiting.length ? [carryButton(), receiptsField()] : null),
      el("section", {}, el("h2", {}, t("outbox.received", { n: received.length })), el("ul.rows", {}, received.slice(0, MOST).map(one))),
    ],
  };
}

/** @param {import("../visits/caseload.js").Sent} sent */
function one(sent) {
  const row = record(sent, { id: sent.keep.child, name: sent.keep.childName });
  row.firstElementChild?.prepend(el("b", {}, sent.keep.childName || t("draft.nobody")), " ");
  if (sent.problem) row.append(el("p.error", {}, t(`sync.${sent.problem}`), sent.stuck ? ` ${t("outbox.tell")}` : ""));
  return row;
}
