// Bytes in; an envelope only the server can open out, signed by this person's key on this tablet.
// The format stands in docs/how-to/carry-records-by-hand.md.
import { base64url, four, hash, hexHash, joined, random, utf8 } from "./bytes.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./types.js").SealKey} SealKey */

const { subtle } = crypto;
const CURVE = { namedCurve: "P-256" };
const ECDSA = { name: "ECDSA", hash: "SHA-256" };
export const FIRST_LINE = "KHULA-CARRY-1\n";

/** @returns {Promise<CryptoKeyPair>} its private half cannot be taken out */
export const newSignKeys = () => subtle.generateKey({ name: "ECDSA", ...CURVE }, false, ["sign", "verify"]);

/** @param {CryptoKey} key @returns {Promise<Bytes>} 65 bytes */
const point = async (key) => new Uint8Array(await subtle.exportKey("raw", key));

/** @param {CryptoKeyPair} sign @param {object} about @param {(header: Bytes) => Promise<ArrayBuffer>} body @returns {Promise<Bytes>} */
async function signed(sign, about, body) {
  const header = utf8(JSON.stringify({ v: 1, from: base64url(await hash(await point(sign.publicKey))), ...about }));
  const all = joined(four(header.length), header, await body(header));
  return joined(all, await subtle.sign(ECDSA, sign.privateKey, all));
}

/** @param {CryptoKeyPair} sign @param {SealKey} to @param {"record"|"note"} what @param {Bytes} bytes @returns {Promise<Bytes>} */
export async function sealed(sign, to, what, bytes) {
  const once = await subtle.generateKey({ name: "ECDH", ...CURVE }, false, ["deriveBits"]);
  const { kty, crv, x, y } = to.jwk;
  const server = await subtle.importKey("jwk", { kty, crv, x, y }, { name: "ECDH", ...CURVE }, true, []);
  const shared = await subtle.deriveBits({ name: "ECDH", public: server }, once.privateKey, 256);
  const mine = await point(once.publicKey);
  const salt = joined(mine, await point(server));
  const key = await subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info: utf8("khula seal 1") },
    await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]),
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt"],
  );
  const iv = random(12);
  return signed(sign, { what, to: to.id, epk: base64url(mine), iv: base64url(iv) }, (additionalData) =>
    subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, bytes),
  );
}

/** What a record's envelope holds. @param {object} about @param {Bytes[]} parts xml, then the files @returns {Bytes} */
export function recordBytes(about, parts) {
  const head = utf8(JSON.stringify(about));
  return joined(four(head.length), head, ...parts);
}

/** A file to carry or to post. @param {CryptoKeyPair} sign @param {Bytes[]} envelopes @param {string} made @returns {Promise<Bytes>} */
export async function carried(sign, envelopes, made) {
  const contents = { what: "contents", made, envelopes: await Promise.all(envelopes.map(hexHash)) };
  const all = [...envelopes, await signed(sign, contents, async () => new ArrayBuffer(0))];
  return joined(utf8(FIRST_LINE), ...all.flatMap((envelope) => [four(envelope.length), envelope]));
}
