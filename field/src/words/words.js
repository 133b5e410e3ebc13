// A key and what fills its gaps in; the sentence in the language of the person out. One language is loaded at a time.

/** @type {Record<string, string>} */
let words = {};
let language = "en";
/** The language of the person: a function, because what is imported from the one file is a value (ADR 16). */
export const spoken = () => language;
export const LANGUAGES = /** @type {const} */ ({ en: "English", fr: "Français" });

/** @param {string} code a language; English where we have no other */
export async function speak(code) {
  const found = code === "fr" ? await import("./fr.js") : await import("./en.js");
  words = found.default;
  language = code === "fr" ? "fr" : "en";
  document.documentElement.lang = language;
}

/** @param {string} key @param {Record<string, string | number>} [gaps] `n` chooses `key.one` where there is one */
export function t(key, gaps = {}) {
  const n = Number(gaps.n);
  const one = "n" in gaps && (n === 1 || (n === 0 && language === "fr"));
  const text = (one && words[key + ".one"]) || words[key] || key;
  return text.replace(/\{(\w+)\}/g, (_, gap) => String(gaps[gap] ?? ""));
}

/** @param {string} key */
export const has = (key) => key in words;

/** @param {string | number | Date | null} when @param {boolean} [time] with the hour */
export function day(when, time) {
  if (!when) return "";
  const date = typeof when === "string" && /^\d{4}-\d\d-\d\d$/.test(when) ? new Date(when + "T12:00") : new Date(when);
  /** @type {Intl.DateTimeFormatOptions} */
  const how = { day: "numeric", month: "long", year: "numeric" };
  return new Intl.DateTimeFormat(language === "fr" ? "fr" : "en-ZA", time ? { ...how, hour: "2-digit", minute: "2-digit" } : how).format(date);
}

/** The names of the months, as a date is written. @returns {string[]} */
export const months = () =>
  Array.from({ length: 12 }, (_, month) =>
    new Intl.DateTimeFormat(language === "fr" ? "fr" : "en-ZA", { month: "long" }).format(new Date(2024, month, 15)),
  );
