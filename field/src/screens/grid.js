// A class on one screen: a row for each child, a tap for each answer; those picked out get the longer form.
import { begin, begunInClass, gridForm, gridQuestions, pickedOut } from "../visits/class_grid.js";
import { caseload } from "../visits/caseload.js";
import { takeUp } from "../visits/at_hand.js";
import { formsHere } from "../visits/forms_here.js";
import { faceOf } from "./everyday_controls.js";
import { el, fill, fresh, once, rich } from "./dom.js";
import { go } from "./router.js";
import { has, t } from "../words/words.js";

/** @param {{class: string}} param @returns {Promise<import("./router.js").Screen>} */
export async function show(param) {
  await takeUp(null);
  const [form, { children }, forms] = await Promise.all([gridForm(), caseload(), formsHere()]);
  const classes = [...new Set(children.map((child) => child.klass))].sort();
  const mine = children.filter((child) => child.klass === param.class);
  const top = [el("p.over", {}, el("button.plain", { onclick: () => go("today") }, `◀ ${t("today")}`)), el("h1", { tabindex: -1 }, t("grid"))];
  if (!form || !mine.length) return { title: t("grid"), body: [...top, el("p", {}, t("grid.none"))] };
  /** Being begun, child by child: a second tap in the row waits for the same interview. @type {Map<string, Promise<import("../visits/interview.js").Interview>>} */
  const coming = new Map();
  const { open, done } = await begunInClass(form.formId, mine.map((child) => child.id));
  const longer = forms.find((one) => form.informant.startsWith(one.informant) && one.formId !== form.formId);
  const said = el("span.saved", { role: "status" });
  /** What the columns are called, from any interview: the questions are the same for all. */
  const model = open.values().next().value ?? (await begin({ formId: form.formId, unkept: true }));
  const columns = gridQuestions(model.form).map((question) => ({ name: question.name, label: question.label, items: question.items }));

  /** @param {import("../visits/caseload.js").Child} child */
  const row = (child) => {
    const cells = el("tr", {});
    const draw = () => {
      const interview = open.get(child.id);
      const record = done.get(child.id);
      const answers = interview ? interview.form.named() : {};
      const asked = interview ? gridQuestions(interview.form) : [];
      const left = columns.filter((column) => !answers[column.name]).length;
      fill(cells, el("th", { scope: "row" }, child.name),
        record && !interview
          ? el("td", { colspan: columns.length }, `◐ ${t("grid.done")}`, " ", pickedOut({ kh_long: record.keep.long }) && longer ? el("button", { onclick: once(() => goLonger(child)) }, t("grid.longer")) : null)
          : columns.map((column) => {
            const question = asked.find((one) => one.name === column.name);
            const at = column.items.findIndex((/** @type {any} */ item) => item.value === question?.value);
            const words = at < 0 ? "–" : faceOf(column.items[at]).words;
            return el("td", {}, el(`button.cell${at < 0 ? "" : ".given"}`, { "aria-label": `${child.name}. ${column.label}: ${at < 0 ? t("review.blank") : words}`, onclick: () => tap(child, column, draw, cells) }, words));
          }),
        el("td.count", {}, record && !interview ? "" : left ? t("grid.left", { n: left }) : "●"));
    };
    draw();
    return cells;
  };

  /** @param {import("../visits/caseload.js").Child} child */
  async function interviewOf(child) {
    const there = open.get(child.id) ?? coming.get(child.id);
    if (there) return there;
    const begun = begin({ formId: /** @type {any} */ (form).formId, child: { id: child.id, name: child.name } });
    coming.set(child.id, begun);
    try {
      open.set(child.id, await begun);
    } finally {
      coming.delete(child.id);
    }
    return begun;
  }

  /** @param {import("../visits/caseload.js").Child} child @param {any} column @param {() => void} draw @param {HTMLElement} cells */
  async function tap(child, column, draw, cells) {
    try {
      const interview = await interviewOf(child);
      interview.tell = (state) => fill(said, t(`saved.${state}`));
      const question = gridQuestions(interview.form).find((one) => one.name === column.name);
      const at = column.items.findIndex((/** @type {any} */ item) => item.value === question?.value);
      if (question) interview.answer(question.key, column.items[(at + 1) % column.items.length].value);
    } catch (problem) {
      return complain(problem);
    }
    const place = columns.indexOf(column);
    draw();
    cells.querySelectorAll("button")[place]?.focus();
  }

  /** @param {import("../visits/caseload.js").Child} child */
  async function goLonger(child) {
    const interview = await begin({ formId: /** @type {any} */ (longer).formId, child: { id: child.id, name: child.name } });
    await takeUp(interview);
    await go("visit", { draft: interview.draft.id });
  }

  const trouble = el("p.error", { role: "alert" });
  /** @param {any} problem */
  const complain = (problem) => fill(trouble, problem?.code && has(`trouble.${problem.code}`) ? t(`trouble.${problem.code}`) : t("saved.failed.do"));

  async function allKept() {
    await Promise.allSettled(coming.values());
    await Promise.all([...open.values()].map((interview) => interview.kept()));
  }

  /** Rows that are complete become records; meanwhile no cell can be tapped. */
  async function finish() {
    finishButton.disabled = table.inert = true;
    fill(trouble);
    try {
      await allKept();
      for (const [child, interview] of [...open]) {
        if (interview.form.check().length || gridQuestions(interview.form).some((question) => !question.value)) continue;
        await interview.finish();
        open.delete(child);
      }
      await allKept();
      await go("grid", param, true);
    } catch (problem) {
      complain(problem);
      finishButton.disabled = table.inert = false;
    }
  }

  const finishButton = el("button.main", { onclick: finish }, t("grid.finish"));
  const id = fresh();
  const select = el("select", { id, onchange: () => allKept().then(() => go("grid", { class: select.value }, true)) }, classes.map((name) => el("option", { value: name, selected: name === param.class }, name)));
  const table = el("div.scroll", { tabindex: 0, role: "region", "aria-label": t("grid") }, el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("who.child")),
    columns.map((column) => el("th", { scope: "col" }, rich(column.label))), el("th", { scope: "col" }, t("grid.open_left")))), el("tbody", {}, mine.map(row))));
  return {
    title: t("grid"), look: "grid",
    body: [
      ...top, el("p.hint", {}, t("grid.how")),
      classes.length > 1 ? el("div.field", {}, el("label", { for: id }, t("today.class")), select) : null,
      table, trouble, el("div.turn", {}, said, finishButton),
    ],
  };
}
