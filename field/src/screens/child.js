// One child: who it is, which voices were heard, what was known and when; the way into each form.
import { childOf, finished } from "../visits/caseload.js";
import { drafts, takeUp } from "../visits/at_hand.js";
import { ownVoice } from "../visits/desk.js";
import { besideTheVoices, formsHere } from "../visits/forms_here.js";
import { el, once, picture } from "./dom.js";
import { go } from "./router.js";
import { day, has, t } from "../words/words.js";
import { formName, levelTag, mark, said, voiceName } from "./voices.js";
import { DOMAINS } from "../visits/domains.js";

/** @param {{id: string}} param @returns {Promise<import("./router.js").Screen>} */
export async function show({ id }) {
  await takeUp(null);
  const [{ child, asOf }, forms, done, begun] = await Promise.all([childOf(id), formsHere(), finished(), drafts()]);
  if (!child) return { title: t("child.gone"), body: [el("h1", { tabindex: -1 }, t("child.gone"))] };
  const mine = done.filter((one) => one.keep.child === id);
  const years = child.birthDate ? Math.floor((Date.now() - Date.parse(child.birthDate)) / 31_556_952_000) : null;
  const facts = [has(`sex.${child.sex}`) && t(`sex.${child.sex}`), years !== null && t("child.age", { n: years }), child.klass && t("child.class", { name: child.klass })];
  const own = ownVoice();
  /** @param {import("../visits/caseload.js").Voice} voice */
  const voiceRow = (voice) => {
    const form = forms.find((one) => one.informant === voice.voice);
    const first = !own || own === voice.voice ? "button.main" : "button";
    const act = !form ? null : voice.draft
      ? el(first, { onclick: () => go("visit", { draft: voice.draft }) }, t("child.continue"))
      : voice.state === "left" || voice.state === "not asked"
        ? el(first, { onclick: once(() => startFor(form.formId, child)) }, t("child.start"))
        : el("button.plain", { onclick: once(() => startFor(form.formId, child)) }, t("child.again"));
    return el("li", {}, el("b", {}, `${mark(voice)} ${voiceName(voice.voice)}`), el("span", {}, said(voice)), act);
  };
  /** What is done for or with the child and counts to no voice; any number of times. @param {import("../visits/forms_here.js").FormNote} form */
  const besideRow = (form) => {
    const draft = begun.find((one) => one.child === id && one.formId === form.formId && !one.replaces);
    const last = mine.find((one) => one.formId === form.formId);
    return el("li", {}, el("b", {}, formName(form)), el("span", {}, last ? t("child.last", { on: day(last.made) }) : t("child.none_here")),
      draft ? el("button", { onclick: () => go("visit", { draft: draft.id }) }, t("child.continue")) : el("button", { onclick: once(() => startFor(form.formId, child)) }, t("child.add")));
  };
  const beside = besideTheVoices(forms);
  return {
    title: t("child.title"),
    body: [
      el("p.over", {}, el("button.plain", { onclick: () => go("today") }, `◀ ${t("today")}`)),
      el("h1", { tabindex: -1 }, child.name), el("p.lead", {}, facts.filter(Boolean).join(" · ")),
      el("section", {}, el("h2", {}, t("child.voices")), el("ul.voices", {}, [...child.voices].sort((one, other) => Number(other.voice === own) - Number(one.voice === own)).map(voiceRow))),
      beside.length ? el("section", {}, el("h2", {}, t("child.beside")), el("p.hint", {}, t("child.beside.how")), el("ul.voices", {}, beside.map(besideRow))) : null,
      child.known ? el("section", {}, el("h2", {}, t("child.known")), el("p.hint", {}, t("as_of", { when: day(child.known.as_of, true) })),
        el("ul.six", {}, DOMAINS.filter((name) => name in child.known.levels).map((name) => el("li", {}, picture(name), el("span", {}, t(`domain.${name}`)), levelTag(child.known.levels[name]))))) : null,
      mine.length ? el("section", {}, el("h2", {}, t("child.records")), el("ul.rows", {}, mine.map((one) => record(one, child)))) : null,
      asOf ? el("p.hint", {}, t("as_of", { when: day(asOf, true) })) : null,
    ],
  };
}

/** @param {string} formId @param {{id: string, name: string}} child */
async function startFor(formId, child) {
  const { begin } = await import("../visits/interview.js");
  const interview = await begin({ formId, child: { id: child.id, name: child.name } });
  await takeUp(interview);
  await go("visit", { draft: interview.draft.id });
}

/** @param {import("../visits/caseload.js").Sent} one @param {{id: string, name: string}} child */
export function record(one, child) {
  const state = one.state === "received" ? t("state.received", { when: day(one.at, true) }) : t(`state.${one.state}`);
  return el("li", {}, el("div.row", {}, el("b", {}, voiceName(one.keep.informant)), el("span", {}, `${one.state === "received" ? "●" : "◐"} ${state}`),
    el("small", {}, t("record.made", { when: day(one.made, true) })),
    one.keep.locked ? el("small", {}, t("record.locked")) : null,
    one.replaced ? el("small", {}, t("record.replaced")) : one.keep.values ? el("button.plain", { onclick: once(() => correct(one, child)) }, t("record.correct")) : null));
}

/** @param {import("../visits/caseload.js").Sent} one @param {{id: string, name: string}} child */
async function correct(one, child) {
  const begun = (await drafts()).find((draft) => draft.replaces === one.instanceId);
  if (begun) return go("visit", { draft: begun.id });
  const { begin } = await import("../visits/interview.js");
  const interview = await begin({ formId: one.formId, child: { id: child.id, name: child.name }, replaces: { instanceId: one.instanceId, version: one.version, values: one.keep.values, locked: one.keep.locked } });
  await takeUp(interview);
  await go("visit", { draft: interview.draft.id });
}
