// The field app's own interview of one form, without a tablet's store: what ODK Web Forms is measured beside.
import { WHOLE } from "/field/program.js";

const { begin } = WHOLE["visits/interview.js"];
const { takeUp } = WHOLE["visits/at_hand.js"];
const { workAt } = WHOLE["visits/desk.js"];
const { speak } = WHOLE["words/words.js"];
const interview = WHOLE["screens/interview.js"];
const { go, start } = WHOLE["screens/router.js"];

const kept = new Map();
const journals = new Map();
workAt({
  get: async (kind, id) => kept.get(`${kind} ${id}`),
  put: async (kind, id, value) => void kept.set(`${kind} ${id}`, value),
  all: async (kind) => [...kept].filter(([key]) => key.startsWith(`${kind} `)).map(([key, value]) => [key.slice(kind.length + 1), value]),
  remove: async (kind, id) => void kept.delete(`${kind} ${id}`),
  note: async (id, entry) => void journals.set(id, [...(journals.get(id) ?? []), entry]),
  journal: async (id) => journals.get(id) ?? [],
});
const [plan, rows] = await Promise.all([
  fetch("/plan.json").then((came) => came.json()),
  fetch("/rows.json").then((came) => came.json()),
  speak("en"),
]);
const note = { form_id: "kh_bench", version: "1", informant: "caregiver", title: { en: "Bench" }, lists: ["learners"], media: [], sealed: [] };
kept.set("setting plans", [note]);
kept.set("plan kh_bench/1", { ...note, plan });
kept.set("list learners", { rows });
const made = await begin({ formId: "kh_bench" });
await takeUp(made);
start({ visit: async () => interview }, () => true, () => []);
await go("visit", { draft: made.draft.id });
