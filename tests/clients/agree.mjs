// Forms and sequences of what a person does in; how Khula's own evaluator and @getodk/xforms-engine stand after every
// step out. The same job and the same lines as Drive.java: node agree.mjs job.json khula.jsonl xforms.jsonl
// A form without a "plan" is left out of khula.jsonl's engine; an empty name leaves an engine out.

import './browser_globals.mjs';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const [job, khulaOut, xformsOut] = process.argv.slice(2);
const { forms } = JSON.parse(await readFile(job, 'utf8'));
const openForm = khulaOut ? (await import('../../field/src/forms/form.js')).openForm : null;
const loadForm = xformsOut ? (await import('@getodk/xforms-engine')).loadForm : null;

// One question as all engines tell it: the keys stand in this order nowhere in particular.
function question({ choices, label, hint, required, readonly, violated, message }) {
	const told = { label: (label ?? '').trim(), hint: (hint ?? '').trim(), required, readonly, verdict: violated ?? '' };
	if (choices) told.choices = choices;
	if (violated === 'constraint') told.message = (message ?? '').trim();
	return told;
}

// What changed since the last look, of a person who acts on something that can be looked at.
class Looks {
	shown = new Map();
	xml = '';

	look(person, done) {
		const now = person.asked();
		const told = {};
		if (done) told.done = done;
		const xml = person.xml();
		if (xml !== this.xml) told.xml = this.xml = xml;
		const asked = {};
		const fresh = new Map();
		for (const [path, each] of now) {
			const text = JSON.stringify(each);
			fresh.set(path, text);
			if (text !== this.shown.get(path)) asked[path] = each;
		}
		for (const path of this.shown.keys()) if (!fresh.has(path)) asked[path] = null;
		this.shown = fresh;
		if (Object.keys(asked).length) told.asked = asked;
		return told;
	}
}

function run(person, steps) {
	const looks = new Looks();
	const told = [looks.look(person)];
	for (const step of steps) told.push(looks.look(person, person.take(step)));
	return told;
}

// ---- @getodk/xforms-engine

class XForms {
	constructor(loaded, language) {
		const preloadProperties = { deviceID: 'collect:fill', username: 'fieldworker' };
		this.root = loaded.createInstance({ preloadProperties }).root;
		this.speak(language);
	}

	speak(language) {
		const found = this.root.languages.find((each) => each.language === language);
		if (found) this.root.setLanguage(found);
	}

	asked() {
		this.nodes = new Map();
		this.ranges = new Map();
		this.walk(this.root);
		return [...this.nodes].map(([path, node]) => [path, this.told(node)]);
	}

	walk(node) {
		for (const child of node.currentState.children ?? []) {
			const { reference, relevant } = child.currentState;
			if (!relevant) continue;
			if (child.nodeType.startsWith('repeat-range')) this.ranges.set(reference, child);
			if (['input', 'note', 'select', 'trigger', 'range', 'rank', 'upload'].includes(child.nodeType)) {
				this.nodes.set(reference, child);
			}
			this.walk(child);
		}
	}

	told(node) {
		const { label, hint, required, readonly, valueOptions } = node.currentState;
		const { constraint, required: answered } = node.validationState;
		const violated = constraint.valid ? (answered.valid ? '' : 'required') : 'constraint';
		return question({
			choices: valueOptions?.map((item) => [item.value, item.label.asString]),
			label: label?.asString, hint: hint?.asString, required, readonly: readonly || node.nodeType === 'note',
			violated, message: constraint.message?.asString,
		});
	}

	take({ do: what, at, text }) {
		if (what === 'language') return this.speak(text);
		if (what === 'reopen') return '';
		const here = at?.match(/^(.*)\[(\d+)\]$/);
		if (what === 'add' || what === 'remove') {
			const range = this.ranges.get(what === 'add' ? at : here[1]);
			if (range?.nodeType !== 'repeat-range:uncontrolled') return 'cannot';
			const count = range.currentState.children.length;
			if (what === 'add') range.addInstances();
			else if (Number(here[2]) > count) return 'cannot';
			else range.removeInstances(Number(here[2]) - 1, 1);
			return '';
		}
		const node = this.nodes.get(at);
		if (!node || node.nodeType === 'note' || node.currentState.readonly) return 'cannot';
		return give(node, text ?? '') ? '' : 'cannot';
	}

	xml() {
		return this.root.instanceState.instanceXML;
	}
}

function give(node, text) {
	if (node.nodeType === 'select' || node.nodeType === 'rank') {
		const wanted = text === '' ? [] : text.split(' ');
		if (wanted.some((value) => !node.currentState.valueOptions.some((item) => item.value === value))) return false;
		if (node.nodeType === 'rank') node.setValues(wanted);
		else if (node.selectType === 'select') node.selectValues(wanted);
		else node.selectValue(wanted[0] ?? null);
	} else if (node.nodeType === 'trigger') {
		node.setValue(text === 'OK');
	} else if (['string', 'barcode'].includes(node.valueType)) {
		node.setValue(text);
	} else if (text === '') {
		node.setValue(null);
	} else if (node.valueType === 'int') {
		node.setValue(BigInt(text));
	} else if (node.valueType === 'decimal') {
		node.setValue(Number(text));
	} else {
		node.setValue(text);
	}
	return true;
}

// ---- Khula's own evaluator

class Khula {
	constructor(plan, lists, language) {
		language = code(language);
		this.open = (saved, language) => openForm(plan, {
			lists, language, now: () => new Date(), uuid: () => crypto.randomUUID(),
			deviceId: 'collect:fill', username: 'fieldworker',
		}, saved);
		this.form = this.open(null, language);
		if (language && this.form.language !== language) this.form.setLanguage(language);
	}

	asked() {
		this.repeats = new Map();
		this.questions = new Map();
		const wrong = new Map();
		for (const each of this.form.check()) wrong.set(each.key, wrong.get(each.key) ?? each);
		for (const page of this.form.pages()) {
			if (page.repeat) this.repeats.set(page.repeat.key, page.repeat);
			for (const key of page.questions) this.questions.set(key, this.told(key, wrong.get(key)));
		}
		return this.questions;
	}

	told(key, wrong) {
		const each = this.form.question(key);
		return question({
			choices: ['select1', 'select', 'rank'].includes(each.control)
				? each.items.map((item) => [item.value, item.label]) : undefined,
			label: each.label, hint: each.hint, required: each.required,
			readonly: each.readonly || each.control === 'note', violated: wrong?.kind, message: wrong?.message,
		});
	}

	take({ do: what, at, text }) {
		if (what === 'language') return this.form.setLanguage(code(text)), '';
		if (what === 'reopen') return this.form = this.open(JSON.parse(JSON.stringify(this.form.values())), this.form.language), '';
		if (what === 'add') {
			if (!this.repeats.get(at)?.canAdd) return 'cannot';
			return this.form.addRepeat(at), '';
		}
		if (what === 'remove') {
			const range = this.repeats.get(at.replace(/\[\d+\]$/, ''));
			if (!range?.canAdd || Number(at.match(/\[(\d+)\]$/)[1]) > range.count) return 'cannot';
			return this.form.removeRepeat(at), '';
		}
		const told = this.questions.get(at);
		if (!told || told.readonly) return 'cannot';
		if (text && told.choices) {
			const offered = told.choices.map(([value]) => value);
			if (text.split(' ').some((value) => !offered.includes(value))) return 'cannot';
		}
		this.form.answer(at, text ?? '');
		return '';
	}

	xml() {
		return this.form.instance({ instanceId: 'uuid:00000000-0000-0000-0000-000000000000' });
	}
}

// "French (fr)" -> "fr"
const code = (language) => /\(([\w-]+)\)$/.exec(language ?? '')?.[1] ?? language;

// ---- the batch

function table(csv) {
	const rows = [];
	let row = [], cell = '', quoted = false;
	for (let at = 0; at < csv.length; at++) {
		const sign = csv[at];
		if (quoted) {
			if (sign !== '"') cell += sign;
			else if (csv[at + 1] === '"') cell += csv[at++];
			else quoted = false;
		} else if (sign === '"') quoted = true;
		else if (sign === ',') row.push(cell), cell = '';
		else if (sign === '\n') rows.push([...row, cell.replace(/\r$/, '')]), row = [], cell = '';
		else cell += sign;
	}
	if (cell || row.length) rows.push([...row, cell]);
	const [head, ...body] = rows;
	return body.map((each) => Object.fromEntries(head.map((name, column) => [name, each[column] ?? ''])));
}

async function lists(form) {
	const found = {};
	for (const name of form.lists) found[name] = table(await readFile(join(form.media, `${name}.csv`), 'utf8'));
	return found;
}

async function attachment(form, url) {
	try {
		const body = await readFile(join(form.media, basename(decodeURIComponent(url.pathname))), 'utf8');
		return new Response(body, { status: 200, headers: { 'Content-Type': 'text/csv' } });
	} catch {
		return new Response('', { status: 404 });
	}
}

async function all(out, prepare) {
	const report = createWriteStream(out);
	let spent = 0;
	for (const form of forms) {
		let make, problem;
		try {
			make = await prepare(form);
		} catch (error) {
			problem = error;
		}
		for (const { steps } of form.runs) {
			const began = performance.now();
			let told;
			try {
				if (problem) throw problem;
				told = { looks: run(make(), steps) };
			} catch (error) {
				told = { error: String(error?.stack ?? error).slice(0, 600) };
			}
			spent += performance.now() - began;
			report.write(JSON.stringify(told) + '\n');
		}
	}
	await new Promise((done) => report.end(done));
	return spent;
}

if (xformsOut) {
	await all(xformsOut, async (form) => {
		const loaded = await loadForm(await readFile(form.form, 'utf8'), { fetchFormAttachment: (url) => attachment(form, url) });
		if (loaded.status === 'failure') throw loaded.error;
		return () => new XForms(loaded, form.language);
	});
}
if (khulaOut) {
	await all(khulaOut, async (form) => {
		const plan = JSON.parse(await readFile(form.plan, 'utf8'));
		const known = await lists(form);
		return () => new Khula(plan, known, form.language);
	});
}
process.exit(0);
