// All answers of an interview, what is still wrong, and the last step.
import { openInterview, takeUp } from "../visits/at_hand.js";
import { el, fill, rich } from "./dom.js";
import { faceOf } from "./everyday_controls.js";
import { go, only } from "./router.js";
import { formName } from "./voices.js";
import { day, t } from "../words/words.js";

/** @param {{draft: string, stopped?: boolean}} param @returns {Promise<import("./router.js").Screen>} */
export async function show(param) {
  const interview = openInterview();
  if (!interview || interview.draft.id !== param.draft) {
    setTimeout(() => only("today"));
    return { title: t("today"), body: [el("h1", {}, t("today"))] };
  }
  await interview.kept();
  const { form } = interview;
  const left = interview.left();
  const wrong = new Map(interview.check().map((/** @type {any} */ one) => [one.key, one]));
  /** @type {any[]} */
  const parts = [];
  let blank = 0;
  for (const page of form.pages()) {
    const rows = page.questions.flatMap((/** @type {string} */ key) => {
      const question = form.question(key);
      if (question.control === "note") return [];
      const problem = wrong.get(key);
      const asWas = !question.value && left.has(question.name);
      if (!question.value && !asWas) blank += 1;
      return [el(`li${problem ? ".bad" : ""}`, {}, el("button.row", { onclick: () => go("visit", { draft: interview.draft.id, page: page.key, key }) },
        el("span", {}, rich(question.label)), el("b", {}, question.value ? inWords(question) : asWas ? `▣ ${t("review.left")}` : `– ${t("review.blank")}`),
        problem ? el("span.error", {}, `■ ${problem.message || t(`wrong.${problem.kind}`)}`) : null))];
    });
    if (!rows.length) continue;
    const last = parts[parts.length - 1];
    if (last?.title === page.title) last.rows.push(...rows);
    else parts.push({ title: page.title, rows });
  }
  const said = el("p.error", { role: "alert" });
  const finish = el("button.main.wide", { disabled: wrong.size > 0, onclick: async () => {
    const main = /** @type {HTMLElement} */ (finish.closest("main"));
    main.inert = true;
    fill(said, t("review.finishing"));
    try {
      const sealed = interview.left().size > 0;
      const answers = await interview.finish();
      const { draft } = interview;
      await takeUp(null);
      await only("result", { answers, language: form.language, child: draft.child, informant: draft.informant, name: draft.childName, sealed });
    } catch (problem) {
      main.inert = false;
      finish.focus();
      const { code } = /** @type {any} */ (problem);
      fill(said, code ? t(`trouble.${code}`) : t("saved.failed.do"));
    }
  } }, t("review.finish"));
  return {
    title: t("review"), look: "review",
    body: [
      el("h1", { tabindex: -1 }, t("review")), el("p.lead", {}, [formName(interview.here), interview.childName()].filter(Boolean).join(" · ")),
      param.stopped ? el("p", {}, t("review.stopped")) : null,
      interview.draft.replaces ? el("p.hint", {}, t("review.replaces")) : null,
      interview.draft.moved ? el("p.for-you", {}, t("review.moved")) : null,
      wrong.size ? el("section.wrong", { role: "alert" }, el("h2", {}, t("review.wrong", { n: wrong.size })),
        el("ul", {}, [...wrong.values()].map((one) => el("li", {}, el("button.plain", { onclick: () => to(one.key) }, rich(form.question(one.key).label)))))) : null,
      blank ? el("p.hint", {}, t("review.blanks", { n: blank })) : null,
      parts.map(({ title, rows }) => el("section", {}, title ? el("h2", {}, rich(title)) : null, el("ul.rows.answers", {}, rows))),
      said, el("div.turn", {}, el("button", { onclick: () => go("visit", { draft: interview.draft.id }) }, "◀ ", t("back")), finish),
      el("p.danger", {}, el("button.plain", { onclick: (/** @type {Event} */ event) => throwOut(/** @type {HTMLElement} */ (event.currentTarget), interview) }, t("draft.throw"))),
    ],
  };

  /** @param {string} key */
  function to(key) {
    const page = form.pages().find((/** @type {any} */ one) => one.questions.includes(key));
    return go("visit", { draft: interview?.draft.id, page: page?.key, key });
  }
}

/** Asked twice, in place. @param {HTMLElement} button @param {any} interview */
function throwOut(button, interview) {
  const sure = el("button.grave", { onclick: async () => {
    const { throwAway } = await import("../visits/at_hand.js");
    interview.finished = true;
    await takeUp(null);
    await throwAway(interview.draft.id);
    await only("today");
  } }, t("draft.throw.sure"));
  button.replaceWith(sure);
  sure.focus();
}

/** @param {any} question */
export function inWords(question) {
  const { control, value } = question;
  if (control === "select1" || control === "select" || control === "rank")
    return value.split(" ").map((/** @type {string} */ one) => faceOf({ label: question.items.find((/** @type {any} */ item) => item.value === one)?.label ?? one }).words).join(", ");
  if (control === "geopoint") return value.split(" ").slice(0, 2).join(", ");
  return control === "date" ? day(value) : control === "time" ? value.slice(0, 5) : value;
}
