// The shapes that go in and out of sync. Types only.

/** @typedef {"offline"|"timeout"|"portal"|"server"|"refused"|"revoked"|"unknown"|"another"|"strange"|"share"|"unconfirmed"|"full"|"locked"|"store"|""} Problem
 * portal: somebody else answered, for example a sign-in page of a network · server: 5xx · refused: 4xx ·
 * revoked: shut out on purpose, what can be read here is destroyed · unknown: the server has never heard of this tablet (an older backup,
 * another Khula) or does not let the person in for now; nothing is destroyed · another: another tablet was enrolled with this link first; nothing is destroyed · strange: not what was agreed ·
 * share: the server's share is another than at enrolment · unconfirmed: called received, but no receipt for these bytes ·
 * full, locked, store: this tablet's store */
/** @typedef {{online: boolean, sent: number, received: number, stuck: number, waiting: number, problem: Problem, clockOff: number}} Outcome
 * clockOff: seconds the tablet is ahead of the server */
/** @typedef {{step: "hello"|"keys"|"outbox"|"plans"|"receipts"|"media"|"status", done: number, of: number}} Progress */
/** @typedef {{name: string, md5: string, url: string}} Medium */
/** @typedef {{form_id: string, version: string, md5: string, url: string, informant: string, title: Record<string, string>, lists: string[], media: Medium[]}} PlanNote */
/** @typedef {{on?: (progress: Progress) => void, all?: boolean, version?: string, ask?: typeof fetch, chance?: () => number}} How
 * all: send also what waits for its next try · version: of the program · ask, chance: fetch and Math.random, for tests */
export {};
