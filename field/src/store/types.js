// The shapes that go in and out of the store. Types only.

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {"plan"|"list"|"today"|"draft"|"outbox"|"receipt"|"setting"|"meaning"|"file"} Kind */
/** @typedef {{kind: Kind, id: string, value?: any}} Change  without `value`: remove */
/** @typedef {{name: string, type: string, bytes: Bytes}} NewFile */
/** @typedef {{name: string, type: string, sha256: string}} FileNote  its bytes: kind "file", id `${instanceId}/${name}` */
/**
 * A finished record. `keep`: any JSON that goes on into the receipt (what editing after sending needs).
 * `sealed`: kept for the server only; neither xml nor files can be read again here (S4).
 * `envelope`: hash of the copy sealed for the server.
 * @typedef {{instanceId: string, formId: string, version: string, xml: string, files: FileNote[], made: string,
 *   state: "here"|"sent", tries: number, next: number, lastProblem: string, keep?: any, sealed?: boolean,
 *   sha256: string, envelope: string}} OutboxRecord
 */
/** @typedef {{instanceId: string, formId: string, version: string, xml: string, made: string, keep?: any, sealed?: boolean}} NewRecord */
/** What stays of a received record.
 * @typedef {{instanceId: string, formId: string, version: string, made: string, sha256: string, receivedAt: string, state: string, keep?: any}} Receipt */
/** @typedef {{id: string, jwk: JsonWebKey}} SealKey */
/** @typedef {{id: string, name: string, language?: string, role?: string}} Person */
/** `name`: what the lock screen shows, else the first word of the person's name.
 * @typedef {{token: string, person: Person, share: string, shareDays: number, sealKey: SealKey, pin: string, name?: string}} Enrolment */
/** @typedef {{share: string, shareDays: number, sealKey: SealKey}} Renewal */
/** @typedef {{persisted: boolean, quota: number, used: number}} Health  bytes */
/** A person as the database holds them. `about` and `share` are encrypted with the tablet's key, `root` with the outer key (keys.js), `proof` under the root:
 * what shows the server that the person has unlocked the tablet that was enrolled, not somebody who has found the link, or the tablet;
 * `life`: milliseconds left until the server must be met. After a wipe only id, about and sign are left.
 * @typedef {{id: string, about: Bytes, sign: CryptoKeyPair, wiped?: true,
 *   share?: Bytes, root?: Bytes, proof?: Bytes, salt?: Bytes, rounds?: number, device?: CryptoKey,
 *   life: number, seen: number, latest: number, wrong: number}} Entry */
/** `lockedProof`: hash of the proof, all that the tablet can show while it is locked.
 * @typedef {{token: string, lockedProof: string, name: string, person: Person, sealKey: SealKey, shareHash: string}} About */
export {};
