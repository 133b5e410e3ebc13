// Who works here? Their PIN. Nothing of a child is on this screen or behind it.
import { faces, unlock } from "../visits/desk.js";
import { waitingHere } from "../visits/carrying.js";
import { meetServer, sendWithoutPin } from "../visits/enrolling.js";
import { carryButton } from "./carry.js";
import { el, fill, picture } from "./dom.js";
import { pinPad } from "./pin.js";
import { again, only, warm } from "./router.js";
import { afterUnlock, locked } from "./start.js";
import { LANGUAGES, speak, t } from "../words/words.js";

/** @param {{id?: string, said?: string}} [param] @returns {Promise<import("./router.js").Screen>} */
export async function show(param = {}) {
  const people = await faces();
  if (people.length) warm("today");
  const one = people.find((person) => person.id === param.id) ?? (people.length === 1 ? people[0] : null);
  const said = el("p.error", { role: "alert", id: "said" }, param.said ? t(param.said) : "");
  const waiting = el("p.hint", { role: "status" });
  void count(waiting);
  /** @type {import("./dom.js").Kid[]} */
  const body = [el("h1.brand", { tabindex: -1 }, picture("khula"), one ? t("lock.hello", { name: one.name }) : "Khula")];
  if (!people.length) body.push(el("p.lead", {}, t("lock.nobody")), said);
  else if (!one) {
    body.push(
      el("p.lead", {}, t("lock.who")), said,
      el("ul.faces", {}, people.map((person) => el("li", {}, el("button.big", { onclick: () => only("lock", { id: person.id }) }, person.name)))),
    );
  } else {
    const pad = pinPad(t("pin"), (pin) => attempt(one, pin, said, pad, false), "said");
    body.push(said, pad.node);
    if (people.length > 1) body.push(el("p", {}, el("button.plain", { onclick: () => only("lock") }, t("lock.other"))));
  }
  body.push(
    waiting,
    el("details", {}, el("summary", {}, t("lock.help")),
      el("ul", {}, ["lock.help.five", "lock.help.forgot", "lock.help.idle"].map((key) => el("li", {}, t(key)))),
      el("button", { onclick: (/** @type {Event} */ event) => sendSealedNow(/** @type {HTMLButtonElement} */ (event.currentTarget), said, waiting) }, t("lock.send")),
      carryButton()),
    languages(),
  );
  return { title: t("lock"), look: "narrow", bare: true, body };
}

export function languages() {
  return el("p.langs", {}, Object.entries(LANGUAGES).map(([code, name]) =>
    el("button.plain", { lang: code, onclick: async () => {
      await speak(code);
      localStorage.setItem("language", code);
      void again();
    } }, name)));
}

/** @param {import("../visits/desk.js").Face} person @param {string} pin @param {HTMLElement} said @param {any} pad @param {boolean} takeOver */
async function attempt(person, pin, said, pad, takeOver) {
  pad.node.inert = true;
  fill(said, t("lock.opening"));
  try {
    await locked();
    await unlock(person, pin, takeOver);
  } catch (problem) {
    pad.node.inert = false;
    const { code = "damaged", left = 0, why = "" } = /** @type {any} */ (problem);
    if (code === "wrong_pin") fill(said, t(left ? "lock.wrong" : "lock.wiped", { n: left }));
    else if (code === "expired") fill(said, t(`lock.expired.${why}`), " ", el("button", { onclick: () => connect(person, said) }, t("lock.connect")));
    else if (code === "busy") fill(said, t("lock.busy"), " ", el("button", { onclick: () => attempt(person, pin, said, pad, true) }, t("lock.takeover")));
    else fill(said, t(code === "wiped" ? "lock.wiped" : `trouble.${code}`));
    pad.input.focus();
    return;
  }
  await afterUnlock();
}

/** @param {import("../visits/desk.js").Face} person @param {HTMLElement} said */
async function connect(person, said) {
  fill(said, t("lock.connecting"));
  const problem = await meetServer(person.id);
  fill(said, problem ? t(`sync.${problem}`) : t("lock.again"));
}

/** @param {HTMLElement} waiting */
async function count(waiting) {
  const n = await waitingHere().catch(() => 0);
  fill(waiting, n ? t("lock.waiting", { n }) : "");
}

/** @param {HTMLButtonElement} button @param {HTMLElement} said @param {HTMLElement} waiting */
async function sendSealedNow(button, said, waiting) {
  button.disabled = true;
  const { sent, left, problem } = await sendWithoutPin();
  button.disabled = false;
  void count(waiting);
  fill(said, problem && left ? t(`sync.${problem}`) : t("lock.sent", { n: sent }));
}
