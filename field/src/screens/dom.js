// What a piece of a page is, in; the element, out.

/** @typedef {Node | string | number | null | undefined | false} One @typedef {One | One[] | (One | One[])[]} Kid  what stands inside an element; lists may hold lists */

let last = 0;
export const fresh = () => `k${++last}`;

/** What was typed or chosen in these, a browser keeps in its session files unless it is told not to. */
const KEPT_BY_BROWSERS = new Set(["form", "input", "select", "textarea"]);

/**
 * `el("button.main", {onclick}, "Next")`. No inline style and no markup from text: the content-security policy forbids both.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K | `${K}.${string}`} what
 * @param {Record<string, any>} [props]
 * @param {...Kid} kids
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(what, props = {}, ...kids) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  if (KEPT_BY_BROWSERS.has(tag)) node.setAttribute("autocomplete", "off");
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") /** @type {any} */ (node)[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  put(node, kids);
  return /** @type {any} */ (node);
}

/** @param {ParentNode} node @param {readonly any[]} kids */
function put(node, kids) {
  for (const kid of kids) {
    if (Array.isArray(kid)) put(node, kid);
    else if (kid !== null && kid !== undefined && kid !== false) node.append(kid instanceof Node ? kid : String(kid));
  }
}

/** A tap while the last one is still at work begins nothing. @param {() => Promise<unknown>} work */
export function once(work) {
  let busy = false;
  return async () => {
    if (busy) return;
    busy = true;
    await work().finally(() => (busy = false));
  };
}

/** @param {Element | null} node @param {...Kid} kids */
export function fill(node, ...kids) {
  if (!node) return;
  node.replaceChildren();
  put(node, kids);
}

const SVG = "http://www.w3.org/2000/svg";

/** A picture of pictures.svg; always beside a word, so hidden from a screen reader. @param {string} name @param {string} [look] */
export function picture(name, look = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  if (look) svg.setAttribute("class", look);
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `shell/pictures.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Faces and signs are drawn by us: not every tablet has a letter for them. */
export const FACES = /** @type {Record<string, string>} */ ({ "🙂": "good", "😀": "good", "😊": "good", "😐": "middle", "🙁": "bad", "☹": "bad", "😢": "bad", "✋": "hand" });

/** The few marks of markdown that forms use: **bold**, _leaning_, # heading, line ends. @param {string} text @returns {One[]} */
export function rich(text) {
  return text.split("\n").flatMap((line, number) => [
    number ? el("br") : null,
    ...line
      .replace(/^#+\s*/, "")
      .split(/(\*\*[^*]+\*\*|\b__[^_]+__\b|(?<=^|\s)_[^_]+_(?=\s|$|[.,;:!?])|[🙂😀😊😐🙁☹😢✋]\uFE0F?)/u)
      .map((part) => {
        const face = FACES[part.replace("\uFE0F", "")];
        if (face) return picture(face);
        if (/^(\*\*|__).+(\*\*|__)$/.test(part)) return el("strong", {}, part.slice(2, -2));
        if (/^_.+_$/.test(part)) return el("em", {}, part.slice(1, -1));
        return part;
      }),
  ]);
}

/** Text as it is searched: small letters, no accents. @param {string} text */
export const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

/** Whether each word that was typed begins a word of the text. @param {string} text (plain) @param {string} typed */
export function matches(text, typed) {
  return plain(typed).split(/\s+/).every((word) => text.startsWith(word) || text.includes(" " + word) || text.includes("-" + word));
}
