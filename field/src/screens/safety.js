// A child is not safe now: what to do, whom to call, and where to write it down. Works without a network and from any screen.
import { openInterview, takeUp } from "../visits/at_hand.js";
import { formsHere } from "../visits/forms_here.js";
import { el, once, picture } from "./dom.js";
import { back, go } from "./router.js";
import { t } from "../words/words.js";

const NUMBERS = ["childline", "police", "ambulance", "violence"];

/** @param {{child?: string}} [param] @returns {Promise<import("./router.js").Screen>} */
export async function show(param = {}) {
  const interview = openInterview();
  await interview?.kept();
  const form = (await formsHere().catch(() => [])).find((one) => one.informant === "safety" || /safe|form_?22/i.test(one.formId));
  const child = param.child || interview?.draft.child || "";
  return {
    title: t("safety.title"), look: "safety",
    body: [
      el("p.over", {}, el("button.main", { onclick: back }, `✕ ${t("safety.leave")}`)),
      el("h1", { tabindex: -1 }, picture("protection"), t("safety")),
      interview ? el("p.hint", {}, t("safety.kept")) : null,
      el("ol.steps", {}, ["safety.1", "safety.2", "safety.3", "safety.4"].map((key) => el("li", {}, t(key)))),
      el("section", {}, el("h2", {}, t("safety.call")), el("ul.calls", {}, NUMBERS.map((name) =>
        el("li", {}, el("a.button", { href: `tel:${t(`phone.${name}`).replace(/\D/g, "")}` }, picture("phone"), el("b", {}, t(`phone.${name}`)), " ", t(`phone.${name}.who`)))))),
      el("p", {}, t("safety.law")),
      el("section", {}, el("h2", {}, t("safety.write")), form
        ? el("button", { onclick: once(() => write(form.formId, child)) }, t("safety.write.form"))
        : el("p", {}, t("safety.write.paper"))),
    ],
  };
}

/** @param {string} formId @param {string} child */
async function write(formId, child) {
  const { begin } = await import("../visits/interview.js");
  const interview = await begin({ formId, ...(child ? { child: { id: child, name: "" } } : {}) });
  await takeUp(interview);
  await go("visit", { draft: interview.draft.id });
}
