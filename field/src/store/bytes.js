// Texts, numbers and hashes to bytes and back.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** @param {string} text @returns {Bytes} */
export const utf8 = (text) => new TextEncoder().encode(text);

/** @param {BufferSource} bytes @returns {string} */
export const text = (bytes) => new TextDecoder().decode(bytes);

/** @param {(Bytes | ArrayBuffer)[]} parts @returns {Bytes} */
export function joined(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return out;
}

/** Four bytes, most significant first. @param {number} number @returns {Bytes} */
export const four = (number) => new Uint8Array([number >>> 24, number >>> 16, number >>> 8, number]);

/** @param {Bytes | ArrayBuffer} bytes @returns {string} */
export function base64url(bytes) {
  const letters = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {string} letters @returns {Bytes} */
export const fromBase64url = (letters) =>
  Uint8Array.from(atob(letters.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

/** @param {number} length @returns {Bytes} */
export const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** @param {BufferSource} bytes @returns {Promise<ArrayBuffer>} */
export const hash = (bytes) => crypto.subtle.digest("SHA-256", bytes);

/** @param {BufferSource} bytes @returns {Promise<string>} SHA-256, hex */
export const hexHash = async (bytes) =>
  Array.from(new Uint8Array(await hash(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
