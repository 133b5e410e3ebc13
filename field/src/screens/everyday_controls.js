// A question of an everyday kind in; what people tap or type for it, out.
import { el, FACES, fill, fresh, matches, picture, plain, rich } from "./dom.js";
import { months, t } from "../words/words.js";

/**
 * @typedef {any} Question  as the form gives it
 * @typedef {object} Context
 * @property {string} id  of the control, for its label
 * @property {string} describedBy
 * @property {(text: string, typed?: boolean) => void} answer
 * @property {(name: string) => Promise<string>} media  address of a picture or sound of the form
 * @property {(name: string, type: string, bytes: Uint8Array) => Promise<void>} keepFile
 * @property {(name: string) => Promise<Uint8Array | undefined>} file
 * @property {() => void} next
 * @property {{get: () => any, set: (what: any) => void}} aside  what the question keeps beside its answer
 * @property {(ending: string, text: string) => void} also  answers the question called as this one, with an ending
 * @property {boolean} child  in child mode
 */
/** @typedef {{node: HTMLElement, group: boolean, update: (question: Question) => void}} Made  group: several controls under one legend */

export const MOST_MATCHES = 20;
/** Answers that leave a question open: offered, and set apart. */
const ASIDE = new Set(["dk", "refused", "na"]);

/** @param {HTMLElement} node @param {string} value  never into the control that has the focus */
export function write(node, value) {
  const input = /** @type {HTMLInputElement} */ (node);
  if (document.activeElement !== input && input.value !== value) input.value = value;
}

/** @param {Question} question @param {Context} context @returns {Made} */
export function typed(question, context) {
  const number = question.control === "number" || question.control === "decimal";
  const long = question.appearance.includes("multiline") || (!number && question.value.length > 60);
  /** @param {string} text */
  const meant = (text) => (number ? text.trim().replace(",", ".").replace(/\s/g, "") : text);
  const input = el(long ? "textarea" : "input", {
    id: context.id, value: question.value, "aria-describedby": context.describedBy, autocomplete: "off",
    ...(long ? { rows: 4 } : { type: "text" }),
    ...(number ? { inputmode: question.control === "number" ? "numeric" : "decimal", class: "number" } : {}),
    oninput: () => context.answer(meant(input.value), true),
  });
  return { node: input, group: false, update: (now) => meant(input.value) !== now.value && write(input, now.value) };
}

/** @param {Question} question @param {Context} context @returns {Made} */
export function choices(question, context) {
  const many = question.control === "select";
  const items = question.items;
  if (!many && (/autocomplete|minimal|search/.test(question.appearance) || items.length > 30)) return searched(question, items, context);
  const node = el("div.choices");
  let drawn = "";
  const name = fresh();
  /** @type {HTMLInputElement[]} */
  let inputs = [];
  /** @param {Question} now */
  const update = (now) => {
    const list = now.items;
    const is = JSON.stringify(list);
    const chosen = new Set(many ? now.value.split(" ") : [now.value]);
    if (is !== drawn) {
      drawn = is;
      const first = document.activeElement;
      const focused = inputs.find((input) => input === first)?.value;
      inputs = [];
      fill(node, list.map((/** @type {any} */ item) => choice(item)));
      const faces = list.filter((/** @type {any} */ item) => !ASIDE.has(item.value)).length;
      node.className = `choices n${faces === 2 || faces === 4 ? 2 : 3}`;
      if (focused !== undefined) inputs.find((input) => input.value === focused)?.focus();
    }
    for (const input of inputs) {
      input.checked = chosen.has(input.value);
      input.parentElement?.classList.toggle("on", input.checked);
    }
    clear.hidden = many || !now.value || now.required || context.child;
  };
  /** @param {any} item */
  const choice = (item) => {
    const input = el("input", { type: many ? "checkbox" : "radio", name, value: item.value, "aria-describedby": context.describedBy, onchange: () => {
      const chosen = inputs.filter((each) => each.checked).map((each) => each.value);
      context.answer(chosen.join(" "));
      if (!many && /\bquick\b/.test(question.appearance)) context.next();
    } });
    inputs.push(input);
    const { face, words } = faceOf(item);
    const aside = ASIDE.has(item.value);
    return el(`label.choice${aside ? ".aside" : ""}`, {}, input, item.image ? pictureOf(item.image, context) : context.child && !aside ? faceOrSign(face, item.value) : face ? picture(face, "face") : null,
      el("span", {}, rich(words)), item.audio ? sound(item.audio, context) : null);
  };
  const clear = el("button.plain", { type: "button", onclick: () => { for (const input of inputs) input.checked = false; context.answer(""); } }, t("clear"));
  const whole = el(`div.${context.child ? "faces-row" : "chosen"}`, {}, node, clear);
  update(question);
  return { node: whole, group: true, update };
}

/** The face that begins a label, and the rest of it. @param {{label: string}} item */
export function faceOf({ label }) {
  const sign = /^(\p{Extended_Pictographic})\uFE0F?\s*/u.exec(label);
  const face = sign ? FACES[sign[1]] : undefined;
  return face && sign ? { face, words: label.slice(sign[0].length) } : { face: "", words: label };
}

/** @param {string} face @param {string} value */
const faceOrSign = (face, value) => (face || ["yes", "no"].includes(value) ? picture(face || value, "face") : null);

/** @param {string} name @param {Context} context */
export function pictureOf(name, context) {
  const image = el("img", { alt: "" });
  void context.media(name).then((address) => (address ? (image.src = address) : image.remove()));
  return image;
}

/** @param {string} name @param {Context} context */
export function sound(name, context) {
  return el("button.listen", { type: "button", "aria-label": t("listen"), onclick: async (/** @type {Event} */ event) => {
    event.preventDefault();
    const address = await context.media(name);
    if (address) await new Audio(address).play();
  } }, picture("ear"));
}

/** A long list: what was typed finds at most twenty. @param {Question} question @param {any[]} items @param {Context} context @returns {Made} */
function searched(question, items, context) {
  let list = items.map((item) => ({ ...item, plain: plain(item.label) }));
  let value = question.value;
  const name = fresh();
  const found = el("div.choices", { "aria-live": "polite" });
  const input = el("input", { id: context.id, type: "search", autocomplete: "off", "aria-label": t("search"), placeholder: t("search"), "aria-describedby": context.describedBy, oninput: () => draw(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && event.preventDefault() });
  const draw = () => {
    const typed = input.value.trim();
    const chosen = list.find((item) => item.value === value);
    const hits = typed || list.length <= MOST_MATCHES ? list.filter((item) => item !== chosen && (!typed || matches(item.plain, typed))) : [];
    fill(found, [...(chosen ? [chosen] : []), ...hits.slice(0, MOST_MATCHES)].map((item) => el(`label.choice${item.value === value ? ".on" : ""}`, {},
      el("input", { type: "radio", name, value: item.value, checked: item.value === value, onchange: () => { value = item.value; context.answer(value); draw(); found.querySelector("input")?.focus(); } }),
      el("span", {}, item.label))),
      hits.length > MOST_MATCHES ? el("p.hint", {}, t("search.more", { n: hits.length - MOST_MATCHES })) : null,
      typed && !hits.length && !chosen ? el("p.hint", {}, t("search.none")) : null);
  };
  draw();
  return { node: el("div.searched", {}, input, found), group: true, update: (now) => {
    if (now.value !== value || now.items.length !== list.length) {
      value = now.value;
      list = now.items.map((/** @type {any} */ item) => ({ ...item, plain: plain(item.label) }));
      draw();
    }
  } };
}

/** Day, month by name, year: nobody has to know in which order a tablet writes them. @param {Question} question @param {Context} context @returns {Made} */
export function date(question, context) {
  const only = /\byear\b/.test(question.appearance) ? "year" : /month-year/.test(question.appearance) ? "month" : "day";
  const ids = [context.id, fresh(), fresh()];
  const common = { "aria-describedby": context.describedBy, autocomplete: "off", inputmode: "numeric", type: "text", class: "number" };
  const dayOf = el("input", { ...common, id: ids[0], maxlength: 2, size: 2, oninput: () => say(true) });
  const month = el("select", { id: ids[1], "aria-describedby": context.describedBy, onchange: () => say(false) },
    el("option", { value: "" }, "–"), months().map((name, number) => el("option", { value: number + 1 }, name)));
  const year = el("input", { ...common, id: ids[2], maxlength: 4, size: 4, oninput: () => say(true) });
  const wrong = el("p.error", { role: "alert" });
  /** @param {boolean} hand */
  const say = (hand) => {
    const [d, m, y] = [only === "day" ? dayOf.value : "1", only === "year" ? "1" : month.value, year.value].map(Number);
    const full = d && m && y >= 1000;
    const real = full && new Date(y, m - 1, d).getDate() === d;
    fill(wrong, full && !real ? t("wrong.date") : "");
    context.answer(real ? `${y}-${String(m).padStart(2, "0")}-${String(d).padStart(2, "0")}` : "", hand);
  };
  /** @param {string} value */
  const set = (value) => {
    const [y, m, d] = value ? value.slice(0, 10).split("-").map(Number) : ["", "", ""];
    dayOf.value = String(d);
    month.value = String(m);
    year.value = String(y);
  };
  set(question.value);
  const fields = el("div.date", {},
    only === "day" ? el("p", {}, el("label", { for: ids[0] }, t("date.day")), dayOf) : null,
    only === "year" ? null : el("p", {}, el("label", { for: ids[1] }, t("date.month")), month),
    el("p", {}, el("label", { for: ids[2] }, t("date.year")), year));
  const node = el("div", {}, fields, wrong);
  return { node, group: true, update: (now) => { if (now.value && !node.contains(document.activeElement)) set(now.value); } };
}
