// A question in; what people tap or type for it, out. The rarer kinds are fetched when a form has them.
import { choices, date, typed } from "./everyday_controls.js";
import { el, fill } from "./dom.js";

/** @typedef {import("./everyday_controls.js").Question} Question @typedef {import("./everyday_controls.js").Context} Context @typedef {import("./everyday_controls.js").Made} Made */
const EVERYDAY = new Set(["text", "number", "decimal", "date", "select1", "select", "note"]);

/** @param {Question} question @param {Context} context @returns {Promise<Made>} */
export async function control(question, context) {
  if (question.readonly && question.control !== "note") return shown(question);
  if (question.control === "select" && question.appearance.includes("kh-timed")) return (await import("./timed_control.js")).timed(question, context);
  if (!EVERYDAY.has(question.control)) return (await import("./rare_controls.js")).rare(question, context);
  if (question.control === "select1" || question.control === "select") return choices(question, context);
  if (question.control === "date") return date(question, context);
  if (question.control === "note") return { node: el("div"), group: false, update() {} };
  return typed(question, context);
}

/** @param {Question} question @returns {Made} */
function shown(question) {
  const node = el("output", {}, question.value);
  return { node, group: false, update: (now) => fill(node, now.value) };
}
