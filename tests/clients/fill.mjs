// A job (forms, media folders, scripts of answers) in; what @getodk/xforms-engine makes of them out.
//
// The same job and the same report as Fill.java, without its random answers: node fill.mjs job.json

import './browser_globals.mjs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const { createInstance } = await import('@getodk/xforms-engine');

class Fill {
	constructor(job) {
		this.job = job;
		this.script = job.answers ?? {};
		this.answered = {};
		this.asked = [];
		this.problems = [];
	}

	async fill() {
		const form = await readFile(this.job.form, 'utf8');
		const created = await createInstance(form, {
			form: { fetchFormAttachment: (url) => this.media(url) },
			instance: {
				preloadProperties: {
					deviceID: this.job.device ?? 'collect:fill',
					username: this.job.user ?? 'fieldworker',
				},
			},
		});
		await this.walk(created.root);
		const payload = await created.root.prepareInstancePayload({ payloadType: 'monolithic' });
		for (const violation of payload.violations ?? []) {
			this.problems.push(`${violation.reference ?? violation.fileName}: not valid at the end`);
		}
		const file = payload.data[0].get('xml_submission_file');
		await writeFile(this.job.out, await textOf(file));
		for (const name of Object.keys(this.script)) {
			if (!this.asked.includes(name)) this.problems.push(`${name}: in the script, but never asked`);
		}
		return { answered: this.answered, asked: this.asked, problems: this.problems };
	}

	async media(url) {
		const name = basename(decodeURIComponent(url.pathname));
		try {
			const body = await readFile(join(this.job.media, name), 'utf8');
			return new Response(body, { status: 200, headers: { 'Content-Type': 'text/csv' } });
		} catch {
			return new Response('', { status: 404 });
		}
	}

	// Answers in the order of the form; what becomes relevant on the way is asked when its turn comes.
	async walk(node) {
		for (const child of node.currentState.children ?? []) {
			if (!child.currentState.relevant) continue;
			if (['input', 'select', 'trigger', 'range', 'rank'].includes(child.nodeType)) this.answer(child);
			await this.walk(child);
		}
	}

	answer(node) {
		const name = node.currentState.reference.split('/').at(-1).replace(/\[\d+\]$/, '');
		if (node.currentState.readonly) return;
		this.asked.push(name);
		if (!(name in this.script)) return;
		const text = this.script[name];
		try {
			give(node, text);
		} catch (problem) {
			this.problems.push(`${name}: no such choice, or not of its type`);
			return;
		}
		if (node.validationState.violation?.condition === 'constraint') {
			this.problems.push(`${name}: refused by its constraint`);
			give(node, null);
		} else {
			this.answered[name] = text;
		}
	}
}

function give(node, text) {
	if (node.nodeType === 'select') {
		const wanted = text === null ? [] : text.trim().split(/\s+/);
		if (wanted.some((value) => node.getValueOption(value) === null)) throw new Error('no such choice');
		if (node.selectType === 'select') node.selectValues(wanted);
		else node.selectValue(wanted[0] ?? null);
	} else if (node.nodeType === 'trigger') {
		node.setValue(text === 'OK');
	} else if (text === null) {
		node.setValue(node.valueType === 'string' ? '' : null);
	} else if (node.valueType === 'int') {
		node.setValue(BigInt(text));
	} else if (node.valueType === 'decimal') {
		node.setValue(Number(text));
	} else {
		node.setValue(text);
	}
}

async function textOf(file) {
	return typeof file.text === 'function' ? file.text() : new Response(file).text();
}

const { fills } = JSON.parse(await readFile(process.argv[2], 'utf8'));
const results = [];
for (const job of fills) results.push(await new Fill(job).fill());
process.stdout.write(JSON.stringify(results) + '\n');
process.exit(0);
