// The name of a screen and what it is about in; that screen drawn, out. What it is about never stands in an address.
import { el, fill, picture } from "./dom.js";
import { has, t } from "../words/words.js";

/**
 * @typedef {object} Screen
 * @property {string} title  stands in the browser's history, which no PIN guards: never a name
 * @property {import("./dom.js").Kid[]} body  begins with its h1
 * @property {() => boolean} [back]  true: the screen itself went one step back
 * @property {() => void} [leave]
 * @property {string} [look]  class of the page
 * @property {boolean} [bare]  without the bar: lock screen and enrolment
 * @property {HTMLElement} [focus]
 */

/** @typedef {Record<string, () => Promise<{show: (param: any) => Promise<Screen> | Screen}>>} Screens */

/** @type {Screens} */
let screens = {};
const OPEN = new Set(["enrol", "check", "lock"]);

/** @type {{name: string, param: any}[]} */
let trail = [];
let at = 0;
let turn = 0;
/** @type {Screen | null} */
let here = null;
let name = "";
/** The screen that is being made; what is on the way is not drawn over by the one that is left. */
let coming = "";
let mayRead = () => false;
/** @type {() => import("./dom.js").Kid[]} */
let bar = () => [];

export const current = () => coming || name;

/** @param {Screens} all @param {() => boolean} unlocked @param {() => import("./dom.js").Kid[]} drawBar */
export function start(all, unlocked, drawBar) {
  screens = all;
  mayRead = unlocked;
  bar = drawBar;
  addEventListener("popstate", (event) => {
    if (location.hash.startsWith("#k=")) return;
    const { state } = /** @type {any} */ (event);
    const to = typeof state === "number" ? state : 0;
    if (to < at && here?.back?.()) {
      history.pushState(at, "", "#" + name);
      return;
    }
    at = to;
    const entry = trail[to] ?? { name: "today", param: undefined };
    void draw(entry.name, entry.param);
  });
}

/** @param {string} to @param {any} [param] @param {boolean} [instead] takes the place of the screen shown now */
export function go(to, param, instead) {
  if (!instead && here) at += 1;
  trail.length = at;
  trail[at] = { name: to, param };
  if (instead || !here) history.replaceState(at, "", "#" + to);
  else history.pushState(at, "", "#" + to);
  return draw(to, param);
}

/** Fetched while the person reads or types: what comes next. @param {...string} names */
export const warm = (...names) => void setTimeout(() => names.forEach((each) => void screens[each]?.().catch(() => {})), 300);

/** Nothing of what was seen is left to go back to. @param {string} to @param {any} [param] */
export function only(to, param) {
  trail = [];
  at = 0;
  history.replaceState(0, "", "#" + to);
  trail[0] = { name: to, param };
  return draw(to, param);
}

export function back() {
  if (at > 0) history.back();
  else void go("today", undefined, true);
}

/** The same screen again, with what is known now. */
export const again = () => draw(current(), trail[at]?.param);

/** @param {string} to @param {any} param */
async function draw(to, param) {
  const mine = ++turn;
  if (!mayRead() && !OPEN.has(to)) [to, param] = ["lock", undefined];
  const same = to === name;
  coming = to;
  if (to !== name || to === "visit") here?.leave?.();
  /** @type {Screen} */
  let screen;
  try {
    screen = await (await screens[to]()).show(param);
  } catch (problem) {
    if (mine !== turn) return;
    screen = broken(problem);
  }
  if (mine !== turn) return;
  here = screen;
  name = to;
  coming = "";
  const main = el("main", { id: "main", tabindex: -1, class: screen.look }, ...screen.body);
  document.title = `${screen.title} – Khula`;
  document.body.className = (screen.look ?? "").split(" ")[0];
  fill(document.body, el("a.skip", { href: "#main", onclick: skip }, t("skip")), screen.bare ? null : el("header.top", {}, ...bar()), main);
  if (!same) scrollTo(0, 0);
  /** @type {HTMLElement | null} */ (screen.focus ?? main.querySelector("h1,h2"))?.focus({ preventScroll: same });
  document.dispatchEvent(new Event("drawn"));
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** @param {unknown} problem @returns {Screen} */
function broken(problem) {
  console.error(problem instanceof Error ? `${problem.name} ${problem.stack?.split("\n")[1] ?? ""}` : "problem");
  const trouble = `trouble.${/** @type {any} */ (problem)?.code}`;
  return {
    title: t("broken"),
    bare: !mayRead(),
    body: [
      el("h1", { tabindex: -1 }, picture("warn"), t("broken")),
      el("p", {}, t(has(trouble) ? trouble : "broken.do")),
      el("button.main", { onclick: () => go("today", undefined, true) }, t("today")),
    ],
  };
}
