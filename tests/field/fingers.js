// A person's hands in the page: what to do in; taps on the real screens for ever, and what the screen said of each, out.
// Told to `heard(what, draft, more)`: "tap" before an answer is given, "saved" once the screen says so, "finish" before
// that button, "finalised" once its screen is there.
async ({ seed, pin, number, fine }) => {
  const { openInterview } = await import("/field/program.js").then(({ WHOLE }) => WHOLE["visits/at_hand.js"]);
  let state = seed >>> 0;
  const chance = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const one = (all) => all[Math.floor(chance() * all.length)];
  const rest = (ms = 5) => new Promise((done) => setTimeout(done, ms));
  const until = async (what, most = 20_000) => {
    for (const end = performance.now() + most; performance.now() < end; await rest()) if (what()) return true;
    return false;
  };
  const find = (path) => document.querySelector(path);
  const all = (path) => [...document.querySelectorAll(path)].filter((each) => !each.disabled && each.checkVisibility());
  const screen = () => (find("main") ? location.hash.slice(1) : "");
  const tell = (what, draft = "", more = {}) => void globalThis.heard(what, draft, more);

  /** Everything tapped in an interview; told as saved when the screen says saved, with nothing under way. */
  const given = new Map();
  const saved = () => find(".saved")?.className === "saved saved";
  const look = () => {
    const id = openInterview()?.draft.id;
    const answers = id && given.get(id);
    if (!answers || !Object.keys(answers).length || !saved()) return;
    tell("saved", id, { ...answers });
    given.set(id, {});
  };
  new MutationObserver(look).observe(document, { subtree: true, attributes: true, attributeFilter: ["class"], childList: true });
  const giving = (name, value) => {
    const id = openInterview().draft.id;
    tell("tap", id, { [name]: value });
    given.set(id, { ...given.get(id), [name]: value });
  };
  const type = (input, text) => {
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  function answer(question) {
    const { name } = question.dataset;
    const choices = [...question.querySelectorAll("label.choice input")];
    if (choices.some((input) => input.type === "checkbox")) {
      const input = one(choices);
      if (!input.checked && !choices.some((each) => each.checked)) giving(name, input.value), input.click();
    } else if (choices.length) {
      const chosen = choices.find((input) => input.checked);
      if (chosen && chance() < 0.8) return;
      const wanted = choices.filter((input) => fine[name]?.includes(input.value));
      const next = one(wanted.length ? wanted : choices);
      if (next !== chosen) giving(name, next.value), next.click();
    } else if (question.querySelector(".date")) {
      const [day, year] = question.querySelectorAll(".date input");
      if (year.value) return;
      const [at, of] = [10 + Math.floor(chance() * 18), name === "r_birth_date" ? "2020" : "2026"];
      year.value = of;
      question.querySelector(".date select").value = "3";
      giving(name, `${of}-03-${at}`);
      type(day, `${at}`);
    } else {
      const input = question.querySelector("input[type=text], textarea");
      if (!input || input.readOnly || (input.value && chance() < 0.9)) return;
      const text = fine[name] ? one(fine[name]) : `fine ${Math.floor(chance() * 1000)}`;
      const whole = name === "r_given_names" ? `${text} ${number.next++}` : text;
      giving(name, whole);
      type(input, whole);
    }
  }

  async function visit() {
    if (!find(".page h2")) return rest();
    for (const question of all(".q[data-name]")) if (question.isConnected) answer(question);
    if (chance() < 0.5 && given.get(openInterview()?.draft.id)) await until(saved, 3000);
    const before = find(".far .count")?.textContent;
    const button = find(chance() < 0.05 ? "button.back" : "button.next");
    button?.click();
    await until(() => screen() !== "visit" || find(".far .count")?.textContent !== before || find(".q.bad"), 1500);
  }

  async function review() {
    const finish = find("button.main.wide");
    if (!finish) return rest();
    const { draft, form } = openInterview() ?? {};
    if (finish.disabled) {
      find("section.wrong button")?.click();
      return until(() => screen() !== "review", 2000);
    }
    if (chance() < 0.15) await rest(chance() * 100);
    tell("finish", draft.id, form.named());
    finish.click();
    await until(() => screen() === "result", 10_000);
    if (screen() === "result") tell("finalised", draft.id);
  }

  async function today() {
    await until(() => find(".headline button"), 2000);
    const send = find(".outbox .acts button");
    if (send && !send.disabled && chance() < 0.4) {
      send.click();
      if (chance() < 0.5) return until(() => !find(".outbox .acts button")?.disabled, 2500);
    }
    const begun = all("section:has(> .rows) > .rows button.row").filter((row) => row.textContent.includes("✎"));
    if (begun.length && chance() < 0.6) one(begun).click();
    else if (chance() < 0.65) one(all(".headline button").slice(0, 1)).click();
    else {
      one(all(".rows button.row").filter((row) => row.querySelector(".klass")))?.click();
      if (await until(() => screen() === "child" && find(".voices"), 3000)) one(all(".voices button"))?.click();
    }
    await until(() => screen() === "visit", 4000);
  }

  async function lock() {
    if (!find(".pad")) return rest();
    const keys = all(".pad button");
    for (const digit of pin) keys.find((key) => key.textContent === digit).click();
    keys.at(-1).click();
    await until(() => screen() !== "lock", 20_000);
  }

  for (;;) {
    const where = screen();
    if (globalThis.handsOff) return;
    if (where === "lock") await lock();
    else if (where === "visit") await visit();
    else if (where === "review") await review();
    else if (where === "today") await today();
    else if (find("main button.main")) find("main button.main").click();
    await rest();
  }
};
