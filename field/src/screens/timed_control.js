// A list of letters or words and a clock in; which were read right, which wrong, and how far the child came, out.
// Appearance of a select_multiple: kh-timed-60 (seconds) or kh-timed-60-10 (and stop when the first ten are all wrong).
// Its answer is what was read right. Questions NAME_last, NAME_seconds and NAME_wrong, where the form has them, are filled too:
// what is neither right nor wrong had no response.
import { el, fill } from "./dom.js";
import { t } from "../words/words.js";

/** @typedef {import("./everyday_controls.js").Question} Question @typedef {import("./everyday_controls.js").Context} Context @typedef {import("./everyday_controls.js").Made} Made */
/** @typedef {{started?: number, ended?: number, wrong: string[], last?: number}} Reading */

/** @param {Question} question @param {Context} context @returns {Made} */
export function timed(question, context) {
  const [, seconds = "60", stopAfter = "0"] = /kh-timed-(\d+)(?:-(\d+))?/.exec(question.appearance) ?? [];
  const items = /** @type {{value: string, label: string}[]} */ (question.items);
  /** @type {Reading} */
  const is = { wrong: [], ...context.aside.get() };
  const clock = el("output.clock", { role: "timer" });
  const said = el("p.hint", { role: "status" });
  const list = el("div.task");
  const start = el("button.main.wide", { type: "button", onclick: () => begin() }, t("timed.start"));
  const end = el("button.wide", { type: "button", onclick: () => over() }, t("timed.end"));
  const anew = el("button.plain", { type: "button", onclick: () => { Object.assign(is, { started: undefined, ended: undefined, last: undefined, wrong: [] }); keep(); draw(); } }, t("timed.again"));

  /** Seconds by the clock of the tablet and not by a timer: a locked screen does not stop the task. */
  const left = () => (is.started === undefined ? Number(seconds) : Math.max(0, Number(seconds) - ((is.ended ?? Date.now()) - is.started) / 1000));
  const keep = () => {
    context.aside.set({ ...is });
    if (is.last === undefined) return context.answer("");
    const reached = items.slice(0, is.last).map(({ value }) => value);
    const wrong = reached.filter((value) => is.wrong.includes(value));
    context.answer(reached.filter((value) => !wrong.includes(value)).join(" "));
    context.also("_wrong", wrong.join(" "));
    context.also("_last", String(is.last));
    context.also("_seconds", String(Math.round(Number(seconds) - left())));
  };
  const begin = () => {
    Object.assign(is, { started: Date.now(), ended: undefined, last: undefined, wrong: [] });
    keep();
    draw();
  };
  const over = () => {
    is.ended = Math.min(Date.now(), (is.started ?? 0) + Number(seconds) * 1000);
    keep();
    draw();
  };
  /** @param {number} at */
  const tap = (at) => {
    const { value } = items[at];
    if (is.ended !== undefined && is.last === undefined) is.last = at + 1;
    else is.wrong = is.wrong.includes(value) ? is.wrong.filter((each) => each !== value) : [...is.wrong, value];
    const first = items.slice(0, Number(stopAfter));
    if (is.ended === undefined && first.length && first.every((item) => is.wrong.includes(item.value))) {
      is.last = first.length;
      return over();
    }
    keep();
    draw(at);
  };
  /** @param {number} [focus] */
  const draw = (focus) => {
    start.hidden = is.started !== undefined;
    end.hidden = is.started === undefined || is.ended !== undefined;
    anew.hidden = is.ended === undefined;
    fill(said, is.started === undefined ? t("timed.how") : is.ended === undefined ? t("timed.mark") : is.last === undefined ? t("timed.last") : t("timed.done", { n: is.last, m: is.last - is.wrong.length }));
    fill(list, items.map(({ value, label }, at) => {
      const wrong = is.wrong.includes(value);
      const beyond = is.last !== undefined && at >= is.last;
      return el(`button.item${wrong ? ".wrong-item" : ""}${beyond ? ".beyond" : ""}`, { type: "button", disabled: is.started === undefined, "aria-pressed": wrong, onclick: () => tap(at) }, label, wrong ? " ✕" : "");
    }));
    tick();
    if (focus !== undefined) /** @type {HTMLElement} */ (list.children[focus])?.focus();
  };
  const tick = () => {
    fill(clock, t("timed.left", { n: Math.ceil(left()) }));
    if (is.started === undefined || is.ended !== undefined) return;
    if (left() <= 0) over();
    else setTimeout(() => clock.isConnected && tick(), 250);
  };
  draw();
  return { node: el("div.timed", {}, el("p", {}, clock), said, start, list, end, anew), group: true, update() {} };
}
