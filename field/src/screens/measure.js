// A weight or a height taken twice: whether a third is needed, which two to keep, and the z-score at once.
import { devicePlan } from "../visits/forms_here.js";
import { judged, pairs } from "../visits/measuring.js";
import { el, fill, fresh } from "./dom.js";
import { has, t } from "../words/words.js";

/** @param {any} view @param {any[]} questions those on the screen */
export async function measurePanel(view, questions) {
  const all = view.pages.flatMap((/** @type {any} */ page) => page.questions).map((/** @type {string} */ key) => view.form.question(key));
  const pair = pairs(all).find(({ first, again }) => questions.some((one) => one.key === first.key || one.key === again.key));
  const single = questions.find((one) => /_(weight|height)_(?!again)/.test(one.name));
  if (!pair && !single) return null;
  const kind = /weight/.test((pair?.first ?? single).name) ? "weight" : "height";
  const keys = { first: (pair?.first ?? single).key, again: pair?.again.key };
  const onAgain = Boolean(pair && questions.some((one) => one.key === pair.again.key));
  const z = el("div", { role: "status" });
  const id = fresh();
  const input = el("input.number", { id, type: "text", inputmode: "decimal", autocomplete: "off", onchange: () => void update(true) });
  const ask = el("div.field", { hidden: true }, el("label", { for: id }, t("measure_third")), input);
  const node = el("div.measure", {}, ask, z);
  const plan = await devicePlan();
  if (!plan) return null;
  let kept = "";
  /** @param {boolean} [keep] of three, the two that agree best become the answers */
  function update(keep) {
    const third = kept ? "" : input.value.trim().replace(",", ".");
    const first = view.form.question(keys.first).value;
    const second = onAgain && keys.again ? view.form.question(keys.again).value : "";
    if (!first) return fill(z);
    const found = judged(plan, kind, [first, second, third], view.form.named());
    ask.hidden = !onAgain || Boolean(kept) || (found.message !== "measure_third" && !third);
    if (keep && third && found.message !== "measure_apart" && found.value && found.again && keys.again) {
      view.interview.answer(keys.first, found.value);
      view.interview.answer(keys.again, found.again);
      view.redraw(new Set([keys.first, keys.again]));
      kept = t("measure_kept", { one: found.value, other: found.again });
      return update();
    }
    const urgent = found.message === "measure_apart" || found.message === "measure_doubtful" || (found.message === "measure_third" && onAgain);
    fill(z, kept ? el("p.hint", {}, kept) : null,
      found.message && !(found.message === "measure_third" && !ask.hidden) && (onAgain || found.message === "measure_doubtful") ? el(urgent ? "p.error" : "p.hint", {}, urgent ? "▲ " : "", t(found.message)) : null,
      Object.entries(found.z).filter(([, one]) => one.z !== null).map(([name, one]) => el("p", {}, el("b", {}, has(`z.${name}`) ? t(`z.${name}`) : name.toUpperCase()), ` z ${Number(one.z).toFixed(2).replace("-", "−")}`,
        one.band && has(`band.${one.band}`) ? ` · ${t(`band.${one.band}`)}` : "")));
  }
  update();
  return { node, update: () => void update(), settle: () => update(true) };
}
