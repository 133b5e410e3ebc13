// An interview at hand in; one question or short group at a time, kept before the next, out.
import { openInterview, takeUp } from "../visits/at_hand.js";
import { resume } from "../visits/interview.js";
import { mediaOf } from "../visits/forms_here.js";
import { control } from "./controls.js";
import { faceOf, pictureOf, sound } from "./everyday_controls.js";
import { el, fill, fresh, picture, rich } from "./dom.js";
import { go, only } from "./router.js";
import { formName } from "./voices.js";
import { LANGUAGES, speak, spoken, t } from "../words/words.js";

/** @typedef {import("../visits/interview.js").Interview} Interview */

/** @param {{draft: string, page?: string, key?: string}} param @returns {Promise<import("./router.js").Screen>} */
export async function show(param) {
  let interview = openInterview();
  if (!interview || interview.draft.id !== param.draft) {
    interview = await resume(param.draft);
    if (!interview) {
      setTimeout(() => only("today"));
      return { title: t("today"), body: [el("h1", {}, t("today"))] };
    }
    await takeUp(interview);
  }
  const view = new View(interview);
  await view.turn(view.pageAt(param.page ?? interview.draft.page), param.key);
  return { title: formName(interview.here), look: view.isChild ? "ask for-child" : "ask", body: view.body, back: () => view.back(), leave: () => view.leave(), focus: view.heading() };
}

class View {
  /** @param {Interview} interview */
  constructor(interview) {
    this.interview = interview;
    this.form = interview.form;
    /** @type {Map<string, Block>} */
    this.blocks = new Map();
    /** @type {string[]} */
    this.addresses = [];
    this.at = 0;
    this.pages = this.form.pages();
    this.busy = false;
    this.progress = el("progress", { max: 1, "aria-label": t("progress") });
    this.count = el("span.count");
    this.saved = el("span.saved", { role: "status" });
    this.who = el("b");
    this.title = el("span");
    this.page = el("div.page");
    this.extra = el("div.extra");
    this.nextButton = el("button.main.next", { type: "submit" }, t("next"), " ▶");
    this.backButton = el("button.back", { type: "button", onclick: () => this.back() || go("today") }, "◀ ", t("back"));
    this.stopButton = el("button.stop", { type: "button", onclick: () => this.stop() }, picture("hand"), t("stop"));
    this.tools = el("p.tools");
    const form = el("form.sheet", { novalidate: true, onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.next(); } },
      this.page, this.extra, el("div.turn", {}, this.backButton, this.stopButton, this.nextButton));
    this.body = [
      el("div.where", {}, el("h1", { tabindex: -1 }, this.who, " ", this.title), this.tools, el("div.far", {}, this.progress, this.count, this.saved)),
      form,
    ];
    interview.tell = (state) => {
      fill(this.saved, t(`saved.${state}`));
      this.saved.className = `saved ${state}`;
    };
    this.drawTools();
  }

  /** @param {string} [key] */
  pageAt(key) {
    const at = this.pages.findIndex((/** @type {any} */ page) => page.key === key);
    return Math.max(at, 0);
  }

  drawTools() {
    const names = /** @type {Record<string, string>} */ (LANGUAGES);
    const id = fresh();
    const codes = this.form.languages;
    const select = el("select", { id, onchange: () => this.speak(select.value) },
      codes.map((/** @type {string} */ code) => el("option", { value: code, selected: code === this.form.language }, names[code] ?? nameOf(code))));
    fill(this.tools, codes.length > 1 ? [el("label.vh", { for: id }, t("language")), select] : null,
      el("button.plain", { type: "button", onclick: () => go("review", { draft: this.interview.draft.id }) }, t("review.short")),
      el("button.plain", { type: "button", onclick: () => this.pause() }, t("pause")));
    fill(this.title, formName(this.interview.here));
  }

  /** @param {string} code */
  async speak(code) {
    this.interview.speak(code);
    if (code in LANGUAGES && code !== spoken()) {
      await speak(code);
      // What stands around the question changes with it; the screen is drawn anew where it was.
      return go("visit", { draft: this.interview.draft.id }, true);
    }
    this.drawTools();
    return this.turn(this.at);
  }

  async pause() {
    await this.interview.kept();
    await this.interview.putAway();
    await takeUp(null);
    await only("today");
  }

  leave() {
    this.interview.tell = () => {};
    this.forget();
  }

  forget() {
    for (const address of this.addresses) URL.revokeObjectURL(address);
    this.addresses = [];
    globalThis.speechSynthesis?.cancel();
  }

  /** One page back; false at the first. */
  back() {
    if (this.at === 0 || this.busy) return this.busy;
    void this.interview.kept().then(() => this.turn(this.at - 1));
    return true;
  }

  async next() {
    if (this.busy) return;
    this.busy = true;
    try {
      const page = this.pages[this.at];
      this.measure?.settle();
      const wrong = page.questions.flatMap((/** @type {string} */ key) => this.interview.check(key));
      this.interview.flush();
      for (const block of this.blocks.values()) block.complain(wrong.find((/** @type {any} */ one) => one.key === block.key));
      if (wrong.length) return void this.blocks.get(wrong[0].key)?.focus(true);
      const { number } = this.interview;
      const kept = this.interview.kept();
      this.pages = this.form.pages();
      const at = this.pages.findIndex((/** @type {any} */ one) => one.key === page.key) + 1;
      // What comes next is drawn while the disk is at work, and shown only when it has said that it is done.
      const drawn = at < this.pages.length ? await this.draw(this.pages[at], at) : null;
      if (!(await kept)) return void fill(this.saved, el("b.error", { role: "alert" }, t("saved.failed.do")));
      if (!drawn) await go("review", { draft: this.interview.draft.id });
      else if (number === this.interview.number) await this.put(drawn);
      else await this.turn(at); // one more tap on the question that was left
    } finally {
      this.busy = false;
    }
  }

  /** The child wants to stop: that is an answer, and it is kept as one. */
  async stop() {
    for (const page of this.pages)
      for (const key of page.questions) {
        const question = this.form.question(key);
        if (question.control !== "select1" || !question.items.some((/** @type {any} */ item) => item.value === "stop")) continue;
        this.interview.answer(key, "stop");
        await this.interview.kept();
        this.pages = this.form.pages();
        return this.turn(this.pages.length - 1);
      }
    await this.interview.kept();
    return go("review", { draft: this.interview.draft.id, stopped: true });
  }

  /** @param {number} at @param {string} [key] question to go to */
  async turn(at, key) {
    this.pages = this.form.pages();
    const to = Math.min(at, this.pages.length - 1);
    await this.put(await this.draw(this.pages[to], to), key);
  }

  /** A page that nobody sees yet. @param {any} page @param {number} at */
  async draw(page, at) {
    this.forget();
    const child = this.isForChild(page);
    /** @type {Map<string, Block>} */
    const blocks = new Map();
    /** @type {any[]} */
    const parts = [page.title && page.title !== this.form.title() ? el("p.over", {}, rich(page.title)) : null];
    if (page.kind === "repeat") parts.push(this.repeat(page));
    for (const each of page.questions) {
      const block = new Block(this, each, child);
      await block.make();
      blocks.set(each, block);
      parts.push(block.node);
    }
    if (!child && this.interview.draft.informant === "child" && at) parts.unshift(el("p.for-you", {}, t("child.for_you")));
    return { page, at, child, blocks, parts };
  }

  /** @param {Awaited<ReturnType<View["draw"]>>} drawn @param {string} [key] question to go to */
  async put({ page, at, child, blocks, parts }, key) {
    this.at = at;
    this.blocks = blocks;
    this.interview.turnTo(page.key);
    document.querySelector("main")?.classList.toggle("for-child", child);
    this.isChild = child;
    this.stopButton.hidden = this.interview.draft.informant !== "child" || !child;
    fill(this.page, ...parts);
    await this.more(page);
    this.say();
    const to = key ? this.blocks.get(key)?.node.querySelector("h2") : this.heading();
    if (this.page.isConnected) {
      scrollTo(0, 0);
      /** @type {HTMLElement | null | undefined} */ (to)?.focus({ preventScroll: !key });
    }
  }

  heading() {
    return /** @type {HTMLElement} */ (this.page.querySelector("h2") ?? this.body[0]);
  }

  /** Measurements taken twice, timed tasks: only forms that have them load what they need. @param {any} page */
  async more(page) {
    fill(this.extra);
    this.measure = null;
    const names = page.questions.map((/** @type {string} */ key) => this.form.question(key));
    if (names.some((/** @type {any} */ one) => /(weight|height)_/.test(one.name) && one.control === "decimal")) {
      const { measurePanel } = await import("./measure.js");
      this.measure = await measurePanel(this, names);
      if (this.measure) fill(this.extra, this.measure.node);
    }
  }

  /** @param {any} page */
  isForChild(page) {
    if (this.interview.draft.informant !== "child" || page.kind === "repeat" || !page.questions.length) return false;
    const questions = page.questions.map((/** @type {string} */ key) => this.form.question(key));
    return questions.some((/** @type {any} */ one) => one.control !== "note") && questions.every((/** @type {any} */ one) =>
      one.control === "note" || (one.control === "select1" && one.items.length <= 6 &&
        one.items.some((/** @type {any} */ item) => item.image || faceOf(item).face || item.value === "refused")));
  }

  /** Whose interview it is, and how far it has come. */
  say() {
    this.far();
    const child = this.interview.childName();
    fill(this.who, child ? `${child} · ` : "");
  }

  far() {
    const total = this.pages.length;
    this.progress.max = total;
    this.progress.value = this.at + 1;
    fill(this.count, t("progress.of", { n: this.at + 1, m: total }));
  }

  /** @param {string} key @param {string} text @param {boolean} [typed] */
  answer(key, text, typed) {
    const changed = new Set(this.interview.answer(key, text, typed));
    this.blocks.get(key)?.complain(undefined);
    this.redraw(changed);
  }

  /** The answer of another question, where the form has it. @param {string} name @param {string} text */
  answerNamed(name, text) {
    for (const page of this.form.pages())
      for (const key of page.questions)
        if (this.form.question(key).name === name) return this.answer(key, text);
  }

  /** @param {Set<string>} changed */
  redraw(changed) {
    if (changed.has("*")) {
      const key = this.pages[this.at].key;
      this.pages = this.form.pages();
      this.at = Math.max(this.pageAt(key), Math.min(this.at, this.pages.length - 1));
      void this.sameBlocks(this.pages[this.at].questions);
    }
    for (const [key, block] of this.blocks) if (changed.has(key) || changed.has("*")) block.update();
    this.measure?.update();
    if (changed.has("*")) this.far();
  }

  /** Questions come and go inside a page; those that stay are not touched, least of all the one being typed in. @param {string[]} keys */
  async sameBlocks(keys) {
    for (const [key, block] of this.blocks)
      if (!keys.includes(key)) {
        block.node.remove();
        this.blocks.delete(key);
      }
    /** @type {Element | null} */
    let before = null;
    for (const key of keys) {
      let block = this.blocks.get(key);
      if (!block) {
        block = new Block(this, key, this.isChild ?? false);
        this.blocks.set(key, block);
        await block.make();
        if (before) before.after(block.node);
        else this.page.append(block.node);
      }
      before = block.node;
    }
  }

  /** @param {any} page */
  repeat(page) {
    const { key, canAdd, count } = page.repeat;
    return el("fieldset", {}, el("legend", {}, el("h2", { tabindex: -1 }, t("repeat.more", { what: page.title }))),
      el("p.hint", {}, t("repeat.count", { n: count })),
      canAdd ? el("button.wide", { type: "button", onclick: async () => {
        this.interview.addRepeat(key);
        await this.interview.kept();
        await this.turn(this.at);
      } }, t("repeat.add")) : null,
      count ? el("button.wide.plain", { type: "button", onclick: async () => {
        this.interview.removeRepeat(`${key}[${count}]`);
        await this.interview.kept();
        this.pages = this.form.pages();
        await this.turn(this.pageAt(page.key));
      } }, t("repeat.remove", { n: count })) : null);
  }

  /** The address of a picture or sound, for as long as its page is shown. @param {string} name */
  async media(name) {
    const bytes = await mediaOf(this.interview.here, name);
    if (!bytes) return "";
    const type = /\.svg$/i.test(name) ? "image/svg+xml" : "";
    const address = URL.createObjectURL(new Blob([bytes], { type }));
    this.addresses.push(address);
    return address;
  }
}

/** One question with its words, its control and what is wrong with it. */
class Block {
  /** @param {View} view @param {string} key @param {boolean} child */
  constructor(view, key, child) {
    this.view = view;
    this.key = key;
    this.child = child;
    this.id = fresh();
    this.heading = el("h2", { tabindex: -1 });
    this.hint = el("div.hint", { id: `${this.id}h` });
    this.error = el("p.error", { id: `${this.id}e` });
    this.said = "";
    /** @type {HTMLElement} */
    this.node = el("div.q");
  }

  async make() {
    const { view, key, child } = this;
    const question = view.form.question(key);
    /** @type {import("./everyday_controls.js").Context} */
    const context = {
      id: this.id, describedBy: `${this.id}h ${this.id}e`, child,
      answer: (text, typed) => view.answer(key, text, typed),
      media: (name) => view.media(name),
      keepFile: async (name, type, bytes) => view.redraw(new Set(await view.interview.keepFile(key, name, type, bytes))),
      file: (name) => view.interview.file(name),
      next: () => void view.next(),
      aside: { get: () => view.interview.aside[key], set: (what) => view.interview.keepAside(key, what) },
      also: (ending, text) => view.answerNamed(question.name + ending, text),
    };
    this.made = await control(question, context);
    const prompts = el("p.prompts", {}, question.audio ? sound(question.audio, context) : null, child && !question.audio ? aloud(this.heading, view.form.language) : null);
    const group = this.made.group && question.control !== "note";
    this.label = group || question.control === "note" || question.readonly ? this.heading : el("label", { for: this.id });
    if (this.label !== this.heading) this.heading.append(this.label);
    const inside = [this.hint, question.image ? pictureOf(question.image, context) : null, prompts, this.made.node, this.error];
    this.node = group
      ? el("fieldset.q", { "aria-describedby": `${this.id}h ${this.id}e` }, el("legend", {}, this.heading), ...inside)
      : el(question.control === "note" ? "div.q.note" : "div.q", {}, this.heading, ...inside);
    this.node.dataset.name = question.name;
    this.update();
  }

  update() {
    const question = this.view.form.question(this.key);
    const left = !question.value && this.view.interview.left().has(question.name);
    this.made?.update(question);
    // What is drawn already is not drawn again: a tap changes the choice, not the words above it.
    const said = JSON.stringify([question.label, question.hint, question.guidance, question.required, left]);
    if (said === this.said) return;
    this.said = said;
    fill(this.label ?? this.heading, ...rich(question.label), question.required && !question.readonly && !left ? el("span.must", {}, ` (${t("required")})`) : null);
    this.heading.classList.toggle("long", question.label.length > 120);
    const urgent = /^[■▲]/.exec(question.label)?.[0];
    this.node.classList.toggle("now", urgent === "■");
    this.node.classList.toggle("soon", urgent === "▲");
    fill(this.hint, left ? el("b", {}, t("sealed.left")) : null, ...rich(question.hint), question.guidance ? el("details", {}, el("summary", {}, t("guidance")), ...rich(question.guidance)) : null);
  }

  /** @param {{kind: string, message: string} | undefined} problem */
  complain(problem) {
    if (!problem && !this.wrong) return;
    this.wrong = Boolean(problem);
    fill(this.error, problem ? `■ ${problem.message || t(`wrong.${problem.kind}`)}` : "");
    this.node.classList.toggle("bad", this.wrong);
    for (const each of this.node.querySelectorAll("input,select,textarea")) {
      if (problem) each.setAttribute("aria-invalid", "true");
      else each.removeAttribute("aria-invalid");
    }
  }

  /** @param {boolean} [input] */
  focus(input) {
    const first = /** @type {HTMLElement | null} */ (input ? this.node.querySelector("input,select,textarea,button") : null);
    (first ?? this.heading).focus();
    this.node.scrollIntoView({ block: "center" });
  }
}

/** The tablet's own voice, where it has one for the language. @param {HTMLElement} heading @param {string} code */
function aloud(heading, code) {
  const speech = globalThis.speechSynthesis;
  // Never one that sends the words away to be spoken.
  const own = () => speech?.getVoices().find((voice) => voice.localService && voice.lang.startsWith(code));
  if (!own()) return null;
  return el("button.listen", { type: "button", onclick: () => {
    const said = new SpeechSynthesisUtterance(heading.textContent ?? "");
    said.lang = code;
    said.voice = own() ?? null;
    said.rate = 0.9;
    speech.cancel();
    speech.speak(said);
  } }, picture("ear"), t("listen"));
}

/** @param {string} code */
function nameOf(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
