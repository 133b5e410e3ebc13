// The rarer kinds of question: times, ranges, ranks, pictures, sounds, files, places, codes, triggers.
import { date, write, faceOf } from "./everyday_controls.js";
import { el, fill, fresh, rich } from "./dom.js";
import { t } from "../words/words.js";

/** @typedef {import("./everyday_controls.js").Question} Question @typedef {import("./everyday_controls.js").Context} Context @typedef {import("./everyday_controls.js").Made} Made */
const MOST_PIXELS = 1280;

/** @param {Question} question @param {Context} context @returns {Made} */
export function rare(question, context) {
  const make = { time, datetime, range, rank, trigger, geopoint, photo: file, audio: file, file }[/** @type {"time"} */ (question.control)];
  return make ? make(question, context) : text(question, context);
}

/** @param {Question} question @param {Context} context @returns {Made} */
function text(question, context) {
  const input = el("input", { id: context.id, type: "text", value: question.value, autocomplete: "off", "aria-describedby": context.describedBy, oninput: () => context.answer(input.value, true) });
  return { node: input, group: false, update: (now) => write(input, now.value) };
}

/** @param {string} value "07:30:00.000+02:00" */
const clock = (value) => value.slice(0, 5);

function zone() {
  const minutes = -new Date().getTimezoneOffset();
  const two = (/** @type {number} */ n) => String(Math.trunc(Math.abs(n))).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/** @param {Question} question @param {Context} context @returns {Made} */
function time(question, context) {
  const input = el("input.number", { id: context.id, type: "time", value: clock(question.value), "aria-describedby": context.describedBy,
    oninput: () => context.answer(input.value ? `${input.value}:00.000${zone()}` : "") });
  return { node: input, group: false, update: (now) => write(input, clock(now.value)) };
}

/** @param {Question} question @param {Context} context @returns {Made} */
function datetime(question, context) {
  const [onDay = "", at = ""] = question.value.split("T");
  const is = { day: onDay, time: at };
  const say = () => context.answer(is.day && is.time ? `${is.day}T${is.time}` : "");
  const one = date({ ...question, value: onDay }, { ...context, answer: (value) => { is.day = value; say(); } });
  const other = time({ ...question, value: at }, { ...context, id: fresh(), answer: (value) => { is.time = value; say(); } });
  other.node.setAttribute("aria-label", t("time"));
  return { node: el("div", {}, one.node, other.node), group: true, update() {} };
}

/** @param {Question} question @param {Context} context @returns {Made} */
function range(question, context) {
  const { start = "0", end = "10", step = "1" } = question.range ?? {};
  const shown = el("output.number", { for: context.id }, question.value || t("range.none"));
  const input = el("input", { id: context.id, type: "range", min: start, max: end, step, value: question.value || start, "aria-describedby": context.describedBy, oninput: () => say(input.value) });
  /** @param {string} value */
  const say = (value) => {
    fill(shown, value);
    context.answer(value, true);
  };
  /** @param {number} by */
  const move = (by) => {
    if (by < 0) input.stepDown();
    else input.stepUp();
    say(input.value);
  };
  const node = el("div.range", {}, el("button", { type: "button", "aria-label": t("less"), onclick: () => move(-1) }, "−"), input,
    el("button", { type: "button", "aria-label": t("more"), onclick: () => move(1) }, "+"), shown);
  return { node, group: false, update: (now) => { if (now.value) write(input, now.value); fill(shown, now.value || t("range.none")); } };
}

/** @param {Question} question @param {Context} context @returns {Made} */
function rank(question, context) {
  const items = question.items;
  let order = question.value ? question.value.split(" ") : items.map((/** @type {any} */ item) => item.value);
  const list = el("ol.rank");
  const node = el("div", {}, list);
  const status = el("p.hint", { role: "status" });
  /** @param {number} at @param {number} by */
  const move = (at, by) => {
    const to = at + by;
    if (to < 0 || to >= order.length) return;
    [order[at], order[to]] = [order[to], order[at]];
    context.answer(order.join(" "));
    draw();
    /** @type {HTMLButtonElement[]} */ ([...list.querySelectorAll(by < 0 ? ".up" : ".down")])[to]?.focus();
    fill(status, t("rank.now", { n: to + 1 }));
  };
  const draw = () => fill(list, order.map((/** @type {string} */ value, /** @type {number} */ at) => {
    const label = items.find((/** @type {any} */ item) => item.value === value)?.label ?? value;
    return el("li", {}, el("span", {}, rich(faceOf({ label }).words)),
      el("button.up", { type: "button", "aria-label": t("rank.up", { what: label }), disabled: at === 0, onclick: () => move(at, -1) }, "▲"),
      el("button.down", { type: "button", "aria-label": t("rank.down", { what: label }), disabled: at === order.length - 1, onclick: () => move(at, 1) }, "▼"));
  }));
  draw();
  const keep = el("button", { type: "button", onclick: () => { context.answer(order.join(" ")); fill(status, t("rank.kept")); } }, t("rank.keep"));
  node.append(keep, status);
  return { node, group: true, update: (now) => { if (now.value && now.value !== order.join(" ")) { order = now.value.split(" "); draw(); } } };
}

/** @param {Question} question @param {Context} context @returns {Made} */
function trigger(question, context) {
  const input = el("input", { id: context.id, type: "checkbox", checked: question.value === "OK", "aria-describedby": context.describedBy, onchange: () => context.answer(input.checked ? "OK" : "") });
  return { node: el("label.choice", {}, input, el("span", {}, t("trigger"))), group: true, update: (now) => { input.checked = now.value === "OK"; } };
}

/** @param {Question} question @param {Context} context @returns {Made} */
function geopoint(question, context) {
  const said = el("output", { role: "status" }, place(question.value));
  const button = el("button", { type: "button", id: context.id, "aria-describedby": context.describedBy, onclick: () => {
    fill(said, t("geo.wait"));
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      const value = [coords.latitude.toFixed(6), coords.longitude.toFixed(6), (coords.altitude ?? 0).toFixed(1), coords.accuracy.toFixed(1)].join(" ");
      context.answer(value);
      fill(said, place(value));
    }, () => fill(said, t("geo.none")), { enableHighAccuracy: true, timeout: 60_000, maximumAge: 10_000 });
  } }, t("geo.take"));
  return { node: el("div", {}, button, " ", said), group: true, update: (now) => fill(said, place(now.value)) };
}

/** @param {string} value */
function place(value) {
  const [lat, lon, , accuracy] = value.split(" ");
  return value ? t("geo.have", { lat, lon, n: Math.round(Number(accuracy)) }) : "";
}

/** @param {Question} question @param {Context} context @returns {Made} */
function file(question, context) {
  const kind = question.control === "photo" ? "image" : question.control === "audio" ? "audio" : "";
  const shown = el("div", { role: "status" });
  const input = el("input", { id: context.id, type: "file", accept: kind ? `${kind}/*` : undefined, capture: kind ? "environment" : undefined, "aria-describedby": context.describedBy, onchange: async () => {
    const taken = input.files?.[0];
    if (!taken) return;
    const blob = kind === "image" ? await smaller(taken) : taken;
    const ending = blob.type === "image/jpeg" ? "jpg" : (taken.name.split(".").pop() ?? "bin");
    await context.keepFile(`${Date.now()}.${ending}`, blob.type, new Uint8Array(await blob.arrayBuffer()));
  } });
  let drawn = "";
  /** @param {Question} now */
  const update = async (now) => {
    if (now.value === drawn) return;
    drawn = now.value;
    const bytes = drawn ? await context.file(drawn) : undefined;
    const address = bytes ? URL.createObjectURL(new Blob([/** @type {any} */ (bytes)])) : "";
    fill(shown, !drawn ? "" : kind === "image" && address ? el("img.taken", { src: address, alt: t("photo.have") }) : kind === "audio" && address ? el("audio", { src: address, controls: true }) : t("file.have", { name: drawn }),
      drawn ? el("button.plain", { type: "button", onclick: () => { input.value = ""; context.answer(""); } }, t("clear")) : "");
  };
  void update(question);
  return { node: el("div", {}, input, shown), group: false, update };
}

/** A photo as small as a person can still read. @param {File} photo @returns {Promise<Blob>} */
async function smaller(photo) {
  try {
    const image = await createImageBitmap(photo);
    const scale = Math.min(1, MOST_PIXELS / Math.max(image.width, image.height));
    const canvas = el("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob((blob) => done(blob ?? photo), "image/jpeg", 0.8));
  } catch {
    return photo;
  }
}
