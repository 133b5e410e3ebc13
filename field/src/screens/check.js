// Can this tablet be trusted with a day's work? Each item passes or fails in words, with what to do.
import { deviceCheck, programHere } from "../visits/device_check.js";
import { el } from "./dom.js";
import { back } from "./router.js";
import { lastRound } from "./start.js";
import { t } from "../words/words.js";

/** @param {number | null} clockOff */
export async function checkList(clockOff) {
  const items = await deviceCheck(clockOff);
  const list = el("ul.checks", {}, items.map(row));
  void programHere().then((ok) => list.lastElementChild?.replaceWith(row({ name: "offline", ok, value: "", must: false })));
  return { list, stop: items.some((item) => item.must && item.ok === false), doubt: items.some((item) => item.name === "storage" && !item.ok) };
}

/** @param {import("../visits/device_check.js").Item} item */
function row({ name, ok, value }) {
  const mark = ok === null ? "unknown" : ok ? "pass" : "fail";
  return el(`li.${mark}`, {},
    el("b", {}, { pass: "● ", fail: "■ ", unknown: "– " }[mark], t(`check.${name}`), ": ", t(`check.${mark}`)),
    el("span", {}, t(`check.${name}.${mark}`, { value })));
}

/** @returns {Promise<import("./router.js").Screen>} */
export async function show() {
  const { list } = await checkList(lastRound()?.online ? lastRound().clockOff : null);
  return {
    title: t("check"),
    look: "narrow",
    body: [el("h1", { tabindex: -1 }, t("check")), list, el("button.main", { onclick: back }, "◀ ", t("back"))],
  };
}
