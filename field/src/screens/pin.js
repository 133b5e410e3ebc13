// Digits tapped or typed in; a PIN out. The keyboard of the tablet stays away: the pad is on the screen.
import { el, fresh } from "./dom.js";
import { t } from "../words/words.js";

const MOST = 8;
/** Hidden as it is typed, and no password to the browser: it would offer to keep it, and fill it in for the next person. */
export const SECRET = {
  type: globalThis.CSS?.supports?.("-webkit-text-security", "disc") ? "text" : "password",
  autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: MOST,
};

/** @param {string} label @param {(pin: string) => void} done @param {string} [describedBy] */
export function pinPad(label, done, describedBy) {
  const id = fresh();
  const input = el("input.pin", {
    id, ...SECRET, inputmode: "none", pattern: "[0-9]*", "aria-describedby": describedBy,
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && send(),
  });
  const send = () => {
    const pin = input.value;
    input.value = "";
    if (pin) done(pin);
  };
  /** @param {string} key */
  const tap = (key) => {
    if (key === "back") input.value = input.value.slice(0, -1);
    else if (input.value.length < MOST) input.value += key;
  };
  const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((key) => el("button", { type: "button", onclick: () => tap(key) }, key));
  const pad = el(
    "div.pad", {}, ...keys,
    el("button", { type: "button", "aria-label": t("pin.back"), onclick: () => tap("back") }, "⌫"),
    el("button", { type: "button", onclick: () => tap("0") }, "0"),
    el("button.main", { type: "button", onclick: send }, t("ok")),
  );
  const text = el("label", { for: id }, label);
  return { node: el("div.lockpad", {}, text, input, pad), input };
}
