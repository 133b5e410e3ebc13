// A record with sealed answers, opened again to correct it; the questions whose answers this tablet cannot know, out.
// They stay as they were in the version before: the server carries them over, named in the instance (`meta/keptAnswers`).

/** Sealed questions that were not asked anew, what was calculated from them, and what is hidden only because they are blank.
 * @param {{plan: any, sealed: string[]}} here @param {{values(): Record<string, string>, question(key: string): {relevant: boolean}}} form @returns {Set<string>} names */
export function leftUnderSeal({ plan, sealed }, form) {
  /** @type {[string, number, any?][]} */
  const nodes = plan.nodes;
  const values = form.values();
  const answered = new Set(Object.keys(values).filter((key) => values[key] !== "").map(nameIn));
  const shown = (/** @type {number} */ at) => nodes.length > at && onScreen(nodes, at, form);
  /** @type {Set<number>} */
  const dark = new Set();
  const take = (/** @type {number} */ at) => dark.size < dark.add(at).size;
  nodes.forEach(([name], at) => void (sealed.includes(name) && !answered.has(name) && shown(at) && take(at)));
  for (let more = dark.size > 0; more; ) {
    more = false;
    for (const [hides, at, , reads] of plan.order) {
      if (!reads.some((/** @type {number} */ one) => dark.has(one))) continue;
      if (!hides) more = take(at) || more;
      else for (const one of within(nodes, at)) if (!shown(one)) more = take(one) || more;
    }
  }
  const parents = new Set(nodes.map(([, parent]) => parent));
  const notes = new Set(notesOf(plan.asks));
  return new Set([...dark].filter((at) => !parents.has(at) && !notes.has(at)).map((at) => nodes[at][0]));
}

/** @param {string} key "/data/people[2]/age" */
const nameIn = (key) => key.slice(key.lastIndexOf("/") + 1).replace(/\[\d+\]$/, "");

/** Inside a repeat there is no one place to look at: it counts as shown. @param {[string, number, any?][]} nodes @param {number} at @param {{question(key: string): {relevant: boolean}}} form */
function onScreen(nodes, at, form) {
  let key = "";
  for (let one = at; one >= 0; one = nodes[one][1]) {
    if (nodes[one][2]?.r) return true;
    key = `/${nodes[one][0]}${key}`;
  }
  return form.question(key).relevant;
}

/** A node and all that stands in it. @param {[string, number, any?][]} nodes @param {number} at */
function within(nodes, at) {
  const inside = new Set([at]);
  nodes.forEach(([, parent], one) => void (inside.has(parent) && inside.add(one)));
  return [...inside];
}

/** @param {any[]} asks @returns {number[]} */
const notesOf = (asks) => asks.flatMap((ask) => (ask.g ? notesOf(ask.g) : ask.k === "note" ? [ask.d] : []));
