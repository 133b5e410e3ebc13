// What was just answered, read with the pack on the tablet: what to do now, the levels so far, and what happens next.
import { resultOf } from "../visits/result.js";
import { VOICES } from "../visits/forms_here.js";
import { DOMAINS } from "../visits/domains.js";
import { practising } from "../visits/desk.js";
import { el, picture, rich } from "./dom.js";
import { go } from "./router.js";
import { roundNow } from "./start.js";
import { levelTag } from "./voices.js";
import { has, t } from "../words/words.js";

/** @param {{answers: Record<string, string>, language: string, child: string, informant: string, name: string, sealed?: boolean}} param @returns {Promise<import("./router.js").Screen>} */
export async function show({ answers, language, child, informant, name, sealed }) {
  void roundNow();
  const voice = VOICES.includes(informant);
  /** @type {Awaited<ReturnType<typeof resultOf>>} */
  let result = null;
  try {
    result = voice || informant === "safety" ? await resultOf(answers, language) : null;
  } catch (problem) {
    console.error(problem instanceof Error ? problem.name : "problem");
  }
  const levels = voice && result ? [...DOMAINS, ...Object.keys(result.levels).filter((each) => !DOMAINS.includes(each))].filter((each) => result?.levels[each]) : [];
  return {
    title: t("result"),
    body: [
      el("h1", { tabindex: -1 }, t("result.kept")),
      el("p.lead", {}, practising() ? t("practice.kept") : t("result.where", { name })),
      result?.alerts.length ? el("section.alerts", { role: "alert" }, el("h2", {}, picture("warn"), t("result.now")),
        result.alerts.map((alert) => el("p", {}, rich(alert.say))), el("p", {}, el("button.grave", { onclick: () => go("safety", { child }) }, t("result.numbers")))) : null,
      // What stays under seal is not known here: a level without it could be lower than what was said.
      sealed ? el("p.for-you", {}, t("result.sealed")) : null,
      voice && result && !sealed ? el("section", {}, el("h2", {}, t("result.so_far")), el("p.hint", {}, t("result.one_voice")),
        el("ul.six", {}, levels.map((each) => el("li", {}, picture(each), el("span", {}, has(`domain.${each}`) ? t(`domain.${each}`) : each), levelTag(result?.levels[each].level))))) : null,
      voice && !result ? el("p.hint", {}, t("result.none")) : null,
      el("section", {}, el("h2", {}, t("result.next")), el("ol", {}, (practising() ? ["result.next.practice"] : ["result.next.sent", informant === "safety" ? "result.next.sealed" : "result.next.team"]).map((key) => el("li", {}, t(key))))),
      el("div.turn", {}, child ? el("button", { onclick: () => go("child", { id: child }) }, t("result.child")) : null, el("button.main", { onclick: () => go("today") }, t("today"))),
    ],
  };
}
