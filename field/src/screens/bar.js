// The bar above every screen: where one is, the way out for a child in danger, and the lock.
import { practising, face } from "../visits/desk.js";
import { el, picture } from "./dom.js";
import { go } from "./router.js";
import { t } from "../words/words.js";

/** @param {() => void} lock @returns {import("./dom.js").Kid[]} */
export function bar(lock) {
  return [
    el("button.logo", { onclick: () => go("today"), "aria-label": `Khula: ${t("today")}` }, picture("khula"), el("span", {}, "Khula")),
    practising() ? el("strong.practice", {}, t("practice.mark")) : null,
    el("button.unsafe", { onclick: () => go("safety"), "aria-label": t("safety") }, picture("protection"), el("span", {}, t("safety.short"))),
    el("button.plain", { onclick: lock, "aria-label": t("lock.now", { name: face()?.name ?? "" }) }, picture("lock"), el("span", {}, face()?.name ?? "")),
  ];
}
