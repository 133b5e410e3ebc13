// A server's address and what a person does without a network in; what the field app made of it, and of sending, out.
//
// The app itself, from its store to its sync, in node: only its screens are missing. node field_day.mjs job.json
// The job: {"address", "token", "children": [[{"form", "answers": {"question": "text"}}]]}; the first form of each
// child registers it, and the others are about the child it registered.

import { readFile } from 'node:fs/promises';
import { JSDOM } from 'jsdom';
import { PIN } from '../field/tablet.mjs';

const { address, token, children } = JSON.parse(await readFile(process.argv[2], 'utf8'));
globalThis.location = { href: `${address}/field/` };
globalThis.DOMParser = new JSDOM('').window.DOMParser;

const { enrol, knock } = await import('../../field/src/visits/enrolling.js');
const { realDesk } = await import('../../field/src/visits/desk.js');
const { begin } = await import('../../field/src/visits/interview.js');
const { resultOf } = await import('../../field/src/visits/result.js');
const { childOf } = await import('../../field/src/visits/caseload.js');
const { sync } = await import('../../field/src/sync/sync.js');

const { enrolment } = await knock(token);
await enrol(enrolment, 'Busi', PIN);
const fetched = await sync(realDesk());

const network = globalThis.fetch;
globalThis.fetch = async () => {
	throw new TypeError('no network');
};
const days = [];
for (const visits of children) days.push(await day(visits));
globalThis.fetch = network;

process.stdout.write(JSON.stringify({ days, fetched, sent: await sync(realDesk()) }) + '\n');
process.exit(0);

async function day(visits) {
	const [{ form, answers }, ...others] = visits;
	const registered = await visit(form, answers);
	const { child } = await childOf(registered.child);
	const done = [registered];
	for (const { form, answers } of others) done.push(await visit(form, answers, { id: child.id, name: child.name }));
	return done;
}

async function visit(formId, answers, child) {
	const interview = await begin({ formId, child });
	const asked = [];
	for (let page; (page = next(interview.form, asked)); ) {
		interview.turnTo(page.key);
		for (const key of page.questions) {
			if (asked.includes(key)) continue;
			asked.push(key);
			const { name } = interview.form.question(key);
			if (name in answers && name !== 'learner') interview.answer(key, answers[name]);
		}
	}
	const names = new Set(asked.map((key) => interview.form.question(key).name));
	const problems = interview.form.check().map(({ key, kind }) => `${key}: ${kind}`);
	problems.push(...Object.keys(answers).filter((name) => !names.has(name)).map((name) => `${name}: never asked`));
	const named = await interview.finish();
	const { levels } = await resultOf(named, 'en');
	return { instance: `uuid:${interview.draft.id}`, child: interview.draft.child, problems, levels };
}

// The next page with something on it that was not asked yet: answers open and close what comes after them.
function next(form, asked) {
	return form.pages().find((page) => page.questions.some((key) => !asked.includes(key)));
}
