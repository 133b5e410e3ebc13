// PIN, device key and the server's share in; the keys of one person's records out. No key can be taken out of the browser.
import { base64url, four, fromBase64url, joined, random, text, utf8 } from "./bytes.js";
import { Trouble } from "./trouble.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{box: CryptoKey, tag: CryptoKey}} RecordKeys  box: AES-GCM of values · tag: HMAC of names and ids */

export const ROUNDS = 600_000;
const { subtle } = crypto;
const AES = { name: "AES-GCM", length: 256 };
const HMAC = { name: "HMAC", hash: "SHA-256", length: 256 };

/** @param {string} pin */
export function checkPin(pin) {
  const row = "01234567890";
  const easy = /^(.)\1*$/.test(pin) || row.includes(pin) || [...row].reverse().join("").includes(pin);
  if (!/^\d{4,}$/.test(pin) || easy) throw new Trouble("weak_pin");
}

/** For what the lock screen needs; stands in IndexedDB as a key that cannot be taken out. @returns {Promise<CryptoKey>} */
export const newDeviceKey = () => subtle.generateKey(AES, false, ["encrypt", "decrypt"]);

/** The tablet's part of a person's key. @returns {Promise<CryptoKey>} */
export const newDevicePart = () => subtle.generateKey(HMAC, false, ["sign"]);

/** Iv first. @param {CryptoKey} key @param {string} about what it is bound to @param {Bytes} bytes @returns {Promise<Bytes>} */
export async function boxed(key, about, bytes) {
  const iv = random(12);
  return joined(iv, await subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(about) }, key, bytes));
}

/** @param {CryptoKey} key @param {string} about @param {Bytes} box @returns {Promise<Bytes>} */
export async function unboxed(key, about, box) {
  const how = { name: "AES-GCM", iv: box.subarray(0, 12), additionalData: utf8(about) };
  try {
    return new Uint8Array(await subtle.decrypt(how, key, box.subarray(12)));
  } catch (problem) {
    throw new Trouble("damaged", problem);
  }
}

/** The key around a person's root: needs the PIN, this tablet and the server's share.
 * @param {{pin: string, salt: Bytes, rounds: number, device: CryptoKey, share: string}} parts @returns {Promise<CryptoKey>} */
export async function outerKey({ pin, salt, rounds, device, share }) {
  const secret = await subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  const slow = await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, secret, 256);
  const all = await subtle.sign("HMAC", device, joined(slow, fromBase64url(share)));
  return subtle.importKey("raw", all, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** @param {Bytes} root 32 bytes, overwritten @returns {Promise<RecordKeys>} */
export async function recordKeys(root) {
  const from = await subtle.importKey("raw", root, "HKDF", false, ["deriveKey"]);
  root.fill(0);
  const how = (/** @type {string} */ info) => ({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) });
  return {
    box: await subtle.deriveKey(how("values"), from, AES, false, ["encrypt", "decrypt"]),
    tag: await subtle.deriveKey(how("names"), from, HMAC, false, ["sign"]),
  };
}

/** A name for the database that says nothing. @param {RecordKeys} keys @param {string[]} names @returns {Promise<string>} */
export const tagOf = async (keys, ...names) =>
  base64url((await subtle.sign("HMAC", keys.tag, utf8(names.join("\0")))).slice(0, 16));

/** A value with its id in bytes: how it is, length of the id, id, value. @param {string} id @param {any} value @returns {Bytes} */
export function packed(id, value) {
  const name = utf8(id);
  const plain = value instanceof Uint8Array;
  const body = /** @type {Bytes} */ (plain ? value : utf8(JSON.stringify(value)));
  return joined(new Uint8Array([plain ? 1 : 0]), four(name.length), name, body);
}

/** @param {Bytes} bytes @returns {[string, any]} */
export function unpacked(bytes) {
  const end = 5 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  const body = bytes.subarray(end);
  return [text(bytes.subarray(5, end)), bytes[0] ? body : JSON.parse(text(body))];
}
