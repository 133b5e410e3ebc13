// The children of this person and what is left; the search, the drafts and the outbox around them.
import { caseload, outboxState } from "../visits/caseload.js";
import { face, me, ownVoice, practising } from "../visits/desk.js";
import { formsHere } from "../visits/forms_here.js";
import { drafts, takeUp } from "../visits/at_hand.js";
import { el, fill, fresh, matches, once, picture } from "./dom.js";
import { again, current, go, only, warm } from "./router.js";
import { lastRound, roundNow, update } from "./start.js";
import { day, t } from "../words/words.js";
import { formName, mark, said, voiceName } from "./voices.js";

const MOST_ROWS = 50;
const OPEN = new Set(["left", "begun"]);
/** What the person looked for stays for the day, in memory only, and goes when another one unlocks. */
const asked = { who: "", class: "", typed: "", left: false };
/** @type {any} */
let install = null;

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  install = event;
});
document.addEventListener("synced", () => {
  // Drawn anew only while nobody is at work on it.
  if (current() === "today" && !document.activeElement?.matches("input,select,button")) void again();
});

/** @returns {Promise<import("./router.js").Screen>} */
export async function show() {
  await takeUp(null);
  warm("child", "visit");
  const who = face()?.id ?? "";
  if (asked.who !== who) Object.assign(asked, { who, class: "", typed: "", left: false });
  const [{ asOf, wave, children }, box, begun, forms] = await Promise.all([caseload(), outboxState(), drafts(), formsHere()]);
  const classes = [...new Set(children.map((child) => child.klass))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const list = el("div", { "aria-live": "polite" });
  let most = MOST_ROWS;
  const own = ownVoice();
  const draw = () => {
    const found = children.filter((child) =>
      (!asked.class || child.klass === asked.class) && (!asked.typed || matches(child.plain, asked.typed)) && (!asked.left || child.voices.some((voice) => (!own || voice.voice === own) && OPEN.has(voice.state))));
    fill(list,
      el("p.count", {}, t("today.found", { n: found.length })),
      el("ul.rows", {}, found.slice(0, most).map(row)),
      found.length > most ? el("button.wide", { onclick: () => { most += MOST_ROWS; draw(); } }, t("today.more", { n: found.length - most })) : null);
  };
  draw();
  const [searchId, classId, leftId] = [fresh(), fresh(), fresh()];
  const again_ = () => { most = MOST_ROWS; draw(); };
  const search = el("input", { id: searchId, type: "search", autocomplete: "off", value: asked.typed,
    oninput: () => { asked.typed = search.value.trim(); again_(); } });
  const klass = el("select", { id: classId, onchange: () => { asked.class = klass.value; again_(); } },
    el("option", { value: "" }, t("today.classes")), classes.map((name) => el("option", { value: name, selected: name === asked.class }, name)));
  const left = el("input", { id: leftId, type: "checkbox", checked: asked.left, onchange: () => { asked.left = left.checked; again_(); } });
  const alone = forms.filter((form) => form.informant === "register");
  /** @param {{formId: string, title: string}} draft */
  const called = ({ formId, title }) => { const form = forms.find((one) => one.formId === formId); return form ? formName(form) : title; };
  const grid = el("span");
  if (classes.length) void import("../visits/class_grid.js").then(({ gridForm }) => gridForm()).then((form) => form &&
    fill(grid, el("button", { onclick: () => go("grid", { class: asked.class || classes[0] }) }, t("grid.open")))).catch(() => {});
  return {
    title: t("today"),
    body: [
      update(),
      el("h1", { tabindex: -1 }, t("today")), el("p.over", {}, [me().school?.name, wave?.name].filter(Boolean).join(" · ")),
      practising() ? el("section.practising", {}, el("p", {}, el("b", {}, t("practice.mark")), " ", t("practice.about")),
        el("button", { onclick: () => practise(false) }, t("practice.end"))) : outbox(box),
      begun.length ? el("section", {}, el("h2", {}, t("drafts")), el("ul.rows", {}, begun.map((draft) => el("li", {},
        el("button.row", { onclick: () => go("visit", { draft: draft.id }) },
          el("b", {}, draft.childName || t("draft.nobody")), el("span", {}, `✎ ${called(draft)}`), el("small", {}, t("draft.last", { when: day(draft.touched, true) }))))))) : null,
      el("section", {}, el("div.headline", {}, el("h2", {}, t("today.children")),
        alone.map((form) => el("button", { onclick: once(() => startForm(form.formId)) }, picture("new"), formName(form)))),
        asOf ? el("p.hint", {}, t("as_of", { when: day(asOf, true) })) : el("p.hint", {}, t("as_of.never")),
        el("div.filters", {},
          el("div.field", {}, el("label", { for: searchId }, t("today.search")), search),
          classes.length > 1 ? el("div.field", {}, el("label", { for: classId }, t("today.class")), klass) : null,
          el("label.tick", { for: leftId }, left, t("today.left"))),
        list),
      el("section.more", {}, el("h2", {}, t("today.else")),
        grid,
        el("button", { onclick: () => go("check") }, t("check")),
        practising() ? null : el("button", { onclick: () => practise(true) }, t("practice.begin")),
        install ? el("button", { onclick: () => install.prompt() }, t("install")) : null),
    ],
  };
}

/** @param {string} formId */
async function startForm(formId) {
  const { begin } = await import("../visits/interview.js");
  const interview = await begin({ formId });
  await takeUp(interview);
  await go("visit", { draft: interview.draft.id });
}

/** @param {import("../visits/caseload.js").Child} child */
function row(child) {
  const own = ownVoice();
  const left = child.voices.filter((voice) => OPEN.has(voice.state)).sort((one, other) => Number(other.voice === own) - Number(one.voice === own));
  const what = left.length ? t("today.asks", { who: left.map((voice) => voiceName(voice.voice)).join(", ") }) : child.asked ? t("today.all") : "";
  return el("li", {}, el("button.row", { onclick: () => go("child", { id: child.id }) },
    el("b", {}, child.name), el("span.klass", {}, child.klass),
    el("span.four", { "aria-hidden": true }, child.voices.map((voice) => el(`i.v-${/** @type {"x"} */ (voice.state.replace(" ", "-"))}`, { title: `${voiceName(voice.voice)}: ${said(voice)}` }, mark(voice)))),
    el("b.of", {}, t("today.of", { n: child.heard, m: child.asked })), el("small", {}, what)));
}

/** @param {Awaited<ReturnType<typeof outboxState>>} box */
function outbox(box) {
  const round = lastRound();
  const words = !box.waiting ? t("outbox.empty") : [t("outbox.here", { n: box.waiting - box.onWay }), box.onWay ? t("outbox.way", { n: box.onWay }) : "", t("outbox.oldest", { when: day(box.oldest, true) })].filter(Boolean).join(" ");
  const said = el("span", { role: "status" }, round?.problem ? t(`sync.${round.problem}`) : round?.online ? t("sync.done") : "");
  const button = el("button", { onclick: async () => {
    button.disabled = true;
    fill(said, t("sync.busy"));
    await roundNow();
    await again();
  } }, t("sync.now"));
  return el(`section.outbox${box.stuck ? ".stuck" : ""}`, {},
    el("p", {}, el("b", {}, box.waiting ? "◐ " : "● ", words), " ", box.stuck ? el("b.error", {}, t("outbox.stuck", { n: box.stuck }), " ", t(`sync.${box.problem}`)) : null, " ", said),
    el("p.acts", {}, button, el("button.plain", { onclick: () => go("outbox") }, t("outbox.open"))));
}

/** @param {boolean} on */
async function practise(on) {
  const { beginPractice, endPractice } = await import("../visits/practice.js");
  if (on) beginPractice();
  else endPractice();
  await only("today");
}
