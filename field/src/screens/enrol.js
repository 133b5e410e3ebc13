// The token of a link in; a checked tablet with a name and a PIN for one more person, out.
import { enrol, knock, weakness } from "../visits/enrolling.js";
import { el, fill, fresh, picture } from "./dom.js";
import { checkList } from "./check.js";
import { languages } from "./lock.js";
import { SECRET } from "./pin.js";
import { again, only, warm } from "./router.js";
import { afterUnlock } from "./start.js";
import { has, speak, spoken, t } from "../words/words.js";

/** @param {{token: string, met?: any}} param @returns {Promise<import("./router.js").Screen>} */
export async function show(param) {
  param.met ??= await knock(param.token);
  const { problem, enrolment, clockOff } = param.met;
  const head = (/** @type {string} */ words) => el("h1.brand", { tabindex: -1 }, picture("khula"), words);
  if (!enrolment)
    return { title: t("enrol"), look: "narrow", bare: true, body: [
      head(t("enrol")), el("p.error", { role: "alert" }, t(has(`enrol.${problem}`) ? `enrol.${problem}` : `sync.${problem || "server"}`)), el("p", {}, t("enrol.keep")),
      el("button.main", { onclick: () => only("enrol", { token: param.token }) }, t("retry")), languages(),
    ] };
  if (!localStorage.getItem("language") && enrolment.person.language && enrolment.person.language !== spoken()) {
    localStorage.setItem("language", enrolment.person.language);
    await speak(enrolment.person.language);
  }
  const { list, stop, doubt } = await checkList(clockOff);
  const said = el("p.error", { role: "alert", id: "said" });
  const [nameId, pinId, twiceId, seenId] = [fresh(), fresh(), fresh(), fresh()];
  const name = el("input", { id: nameId, autocomplete: "off", maxlength: 30, value: enrolment.person.name.split(" ")[0], "aria-describedby": nameId + "h" });
  const secret = { ...SECRET, inputmode: "numeric" };
  const pin = el("input.pin", { id: pinId, ...secret, "aria-describedby": pinId + "h said" });
  const twice = el("input.pin", { id: twiceId, ...secret, "aria-describedby": "said" });
  const seen = el("input", { id: seenId, type: "checkbox" });
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const weak = weakness(pin.value);
    const wrong = !name.value.trim() ? "enrol.noname" : weak ? `pin.${weak}` : pin.value !== twice.value ? "pin.differ" : doubt && !seen.checked ? "enrol.see" : "";
    fill(said, wrong && t(wrong));
    if (wrong) return (wrong === "enrol.noname" ? name : wrong === "enrol.see" ? seen : pin).focus();
    fill(said, t("enrol.making"));
    try {
      await enrol(enrolment, name.value.trim(), pin.value);
    } catch (trouble) {
      const { code = "damaged" } = /** @type {any} */ (trouble);
      return fill(said, t(`trouble.${code}`));
    }
    await afterUnlock();
  };
  warm("today");
  return {
    title: t("enrol"), look: "narrow", bare: true,
    body: [
      head(t("enrol.hello", { name: enrolment.person.name })),
      enrolment.school ? el("p.lead", {}, enrolment.school.name) : null,
      el("h2", {}, t("check")), list,
      stop ? el("p.error", {}, t("check.stop")) : el("form", { onsubmit: send, novalidate: true },
        el("h2", {}, t("enrol.you")),
        el("div.field", {}, el("label", { for: nameId }, t("enrol.name")), el("p.hint", { id: nameId + "h" }, t("enrol.name.hint")), name),
        el("div.field", {}, el("label", { for: pinId }, t("enrol.pin")), el("p.hint", { id: pinId + "h" }, t("enrol.pin.hint")), pin),
        el("div.field", {}, el("label", { for: twiceId }, t("enrol.pin.twice")), twice),
        doubt ? el("label.choice", { for: seenId }, seen, el("span", {}, t("enrol.doubt"))) : null,
        said, el("button.main.wide", {}, t("enrol.done"))),
      languages(),
      stop ? el("button", { onclick: again }, t("retry")) : null,
    ],
  };
}
