// One question to the server in; its answer out, or a Failure with the kind of problem. Believes nothing it cannot check.
import { joined } from "../store/bytes.js";

/** @typedef {import("./types.js").Problem} Problem */
/** @typedef {{method?: string, body?: BodyInit, headers?: Record<string, string>, is?: "json"|"csv"|"bytes", good?: number[], wait?: number}} Question
 * is: what the answer must be · good: which codes are a success · wait: milliseconds
 * until the answer begins; then it may take its time, as long as bytes come */

const WAIT = 30_000;
const SLOWEST = 4; // bytes in a millisecond that an upload must reach

export class Failure extends Error {
  /** @param {Problem} problem @param {string} [code] as the server says it */
  constructor(problem, code) {
    super(problem);
    this.problem = problem;
    this.code = code;
  }
}

export class Server {
  /** What one post may hold, as the server said last. */
  limit = 10_000_000;
  /** Khula itself has answered. */
  met = false;

  /** @param {{token: string, proof?: string}} key @param {typeof fetch} ask */
  constructor({ token, proof }, ask = (...how) => fetch(...how)) {
    this.headers = { "X-OpenRosa-Version": "1.0", ...(proof && { "X-Khula-Tablet": proof }) };
    this.base = new URL(`/v1/key/${encodeURIComponent(token)}/`, globalThis.location?.href ?? "http://localhost").href;
    this.send = ask;
  }

  /** @param {string} path @param {Question} [question] @returns {Promise<{status: number, etag: string, value: any}>} */
  async ask(path, { method = "GET", body, headers = {}, is, good = [200], wait = WAIT } = {}) {
    const url = new URL(path, this.base).href;
    if (!url.startsWith(this.base)) throw new Failure("strange");
    const stop = new AbortController();
    let timer = setTimeout(() => stop.abort(), wait);
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), WAIT);
    };
    try {
      const answer = await this.send(url, {
        method,
        body,
        headers: { ...this.headers, ...headers },
        signal: stop.signal,
        redirect: "manual",
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
      alive();
      return await this.#read(answer, good, is, alive);
    } catch (problem) {
      if (problem instanceof Failure) throw problem;
      throw new Failure(stop.signal.aborted ? "timeout" : "offline");
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {Response} answer @param {number[]} good @param {Question["is"]} is @param {() => void} alive */
  async #read(answer, good, is, alive) {
    const { status, type, headers } = answer;
    const kind = headers.get("Content-Type") ?? "";
    const html = kind.includes("html");
    if (type === "opaqueredirect" || (status >= 300 && status < 400 && status !== 304)) throw new Failure("portal");
    if (!good.includes(status)) {
      const said = kind.includes("json") ? await answer.json().catch(() => null) : null;
      if (said?.problem) this.met = true;
      if (status === 403 && said?.problem === "revoked_device") throw new Failure("revoked");
      if (status === 403 && said?.problem === "unknown_device") throw new Failure("unknown");
      if (status === 403 && said?.problem === "another_tablet") throw new Failure("another");
      throw new Failure(status >= 500 ? "server" : html ? "portal" : "refused", said?.problem);
    }
    if (html || (status === 200 && is && is !== "bytes" && !kind.includes(is))) throw new Failure(html ? "portal" : "strange");
    const bytes = await piecemeal(answer, alive);
    const said = new TextDecoder().decode(is === "bytes" ? new Uint8Array() : bytes);
    this.limit = Number(headers.get("X-OpenRosa-Accept-Content-Length")) || this.limit;
    let value;
    try {
      value = is === "bytes" ? bytes : is === "json" && status === 200 ? JSON.parse(said) : said;
    } catch {
      throw new Failure("strange");
    }
    this.met = true;
    return { status, etag: headers.get("ETag") ?? "", value };
  }

  /** @param {string} path @param {any} value @param {Question} [question] */
  post(path, value, question) {
    const headers = { "Content-Type": "application/json" };
    return this.ask(path, { method: "POST", body: JSON.stringify(value), headers, ...question });
  }

  /** Bytes for an upload take their time. @param {number} size @returns {number} */
  static wait(size) {
    return 2 * WAIT + size / SLOWEST;
  }
}

/** @param {Response} answer @param {() => void} alive called with each piece @returns {Promise<import("../store/bytes.js").Bytes>} */
async function piecemeal(answer, alive) {
  const reader = answer.body?.getReader();
  /** @type {import("../store/bytes.js").Bytes[]} */
  const pieces = [];
  for (let piece = await reader?.read(); piece?.value; piece = await reader?.read()) {
    alive();
    pieces.push(piece.value);
  }
  return joined(...pieces);
}
