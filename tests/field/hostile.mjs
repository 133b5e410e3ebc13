// A server for the field app that behaves as badly as it is told to: a mood for each request in; what it really stored out.
// `node hostile.mjs [port]` serves the program itself too, for tests in a browser; POST /mood sets the mood, GET /stored tells.
import { createHash, webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const { subtle } = webcrypto;
const SOURCES = join(dirname(fileURLToPath(import.meta.url)), "../../field/src");
const TYPES = { ".js": "text/javascript", ".html": "text/html", ".css": "text/css", ".json": "application/json" };
/** Everything a network and a server have done to somebody. */
export const MOODS = ["fine", "500", "404", "401", "403", "nothing", "half", "half after storing", "login", "html", "lie", "garbage", "wrong type", "wrong hash", "no files", "503 html"];
const hex = (bytes) => createHash("sha256").update(bytes).digest("hex");
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'";

/** @param {{mood?: (request: {path: string, method: string}) => string, rows?: number, label?: (at: number) => string, now?: () => number}} [told] */
export async function hostile({ mood = () => "fine", rows = 3, label = (at) => `Child ${at}`, now = Date.now } = {}) {
  const seal = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const { kty, crv, x, y } = await subtle.exportKey("jwk", seal.publicKey);
  const server = {
    mood, seal, now, revoked: new Set(), unknown: new Set(), records: new Map(), conflicts: 0, keys: new Map(), proofs: new Map(), statuses: [], asked: [], posts: [],
    shares: new Map(), shareDays: 7, planVersion: "1", lists: ["learners"], address: "", close: () => {}, limit: 10_000_000,
  };
  const csv = () => ["name,label,__version,class", ...Array.from({ length: rows }, (_, at) => `uuid-${at},"${label(at)}",${server.planVersion},Grade 1`)].join("\n") + "\n";
  const person = (token) => ({ id: `p-${token}`, name: `${token} Mokoena`, language: "en", role: "fieldworker" });
  const share = (token) => server.shares.get(token) ?? server.shares.set(token, Buffer.from(webcrypto.getRandomValues(new Uint8Array(32))).toString("base64url")).get(token);

  const store = (id, xml, files) => {
    const known = server.records.get(id);
    if (known && known.sha256 !== hex(xml)) {
      const copy = { sha256: hex(xml), files: Object.fromEntries(files.map(([name, bytes]) => [name, hex(bytes)])), received_at: "2026-03-02", state: "conflict" };
      (known.copies ??= []).push(copy);
      return void server.conflicts++;
    }
    const record = known ?? { sha256: hex(xml), files: {} };
    for (const [name, bytes] of files) record.files[name] = hex(bytes);
    server.records.set(id, record);
  };
  const receipt = (id, how) => {
    const record = server.records.get(id);
    return record && { ...record, ...(how === "wrong hash" && { sha256: hex("other") }), ...(how === "no files" && { files: {} }), received_at: new Date(server.now()).toISOString(), state: "in case" };
  };

  async function answered(token, path, query, request, body, how) {
    const json = (value, status = 200) => ({ status, type: "application/json", body: Buffer.from(JSON.stringify(value)) });
    if (server.revoked.has(token) || !token) return json({ problem: "revoked_device", say: "no" }, 403);
    if (server.unknown.has(token)) return json({ problem: "unknown_device", say: "no" }, 403);
    const proof = server.proofs.get(token); // once a tablet has shown who it is, the link alone opens nothing
    const shown = request.headers["x-khula-tablet"] ?? "";
    const locked = proof && hex(proof) === shown; // shown by the tablet, without its person: the share, and no name
    if (proof && proof !== shown && path !== "field/sealed" && !(locked && path === "field/hello"))
      return json({ problem: "another_tablet", say: "no" }, 403);
    if (path === "field/hello")
      return json({ ...(!locked && { person: person(token), school: null }), share: share(token), share_days: server.shareDays, seal_key: { id: "s1", jwk: { kty, crv, x, y } }, time: new Date(server.now()).toISOString() });
    if (path === "field/keys") {
      const { sign_jwk, proof } = JSON.parse(body);
      server.keys.set(token, sign_jwk);
      server.proofs.set(token, proof);
      return { status: 204 };
    }
    if (path === "field/status") return server.statuses.push(JSON.parse(body)), { status: 204 };
    if (path === "field/plans")
      return json([{ form_id: "caregiver", version: server.planVersion, md5: "m1", url: "field/plans/1.json", informant: "caregiver", title: { en: "C", fr: "C" }, lists: server.lists, media: [{ name: "a.png", md5: "m9", url: "forms/1/media/a.png" }] }]);
    if (path === "field/plans/1.json") return tagged(request, json({ plan: server.planVersion }));
    if (path === "field/meaning" && how === "unpublished") return json({ problem: "no_meaning", say: "no" }, 404);
    if (path === "field/meaning") return tagged(request, json({ meaning: server.planVersion }));
    if (path === "forms/1/media/a.png") return { status: 200, type: "image/png", body: Buffer.from("picture") };
    if (path === "lists/learners.csv" && how !== "cut short") return tagged(request, { status: 200, type: "text/csv; charset=utf-8", body: Buffer.from(csv()) });
    if (how === "cut short") return path === "field/today" ? json({ as_of: "" }) : { status: 200, type: "text/csv", body: Buffer.from(csv().slice(0, -9)) };
    if (path === "field/today") return json({ as_of: new Date(server.now()).toISOString(), wave: null, children: [{ id: "uuid-0", name: label(0) }], version: server.planVersion });
    if (path === "field/receipts")
      return json(Object.fromEntries(query.getAll("id").map((id) => [id, receipt(id, how)]).filter(([, found]) => found)));
    if (path === "submission") {
      const form = await new Response(body, { headers: { "Content-Type": request.headers["content-type"] } }).formData();
      const parts = [...form.entries()];
      const xml = Buffer.from(await parts[0][1].arrayBuffer());
      server.posts.push({ parts: parts.map(([name]) => name), version: request.headers["x-openrosa-version"], size: body.length });
      const id = /uuid:[\w-]+/.exec(xml.toString())?.[0] ?? "?";
      const files = await Promise.all(parts.slice(1).filter(([, part]) => typeof part !== "string").map(async ([name, part]) => [name, Buffer.from(await part.arrayBuffer())]));
      if (how !== "lie") store(id, xml, files);
      return { status: Math.random() < 0.2 ? 202 : 201, type: "text/xml", body: Buffer.from("<OpenRosaResponse/>") };
    }
    if (path === "field/sealed") {
      const { records, envelopes } = await opened(body, server.seal.privateKey, [...server.keys.values()]);
      for (const { about, xml, files } of records) if (how !== "lie") store(about.instance_id, xml, files);
      const receipts = Object.fromEntries(records.map(({ about }) => [about.instance_id, receipt(about.instance_id)]));
      return json({ receipts, envelopes: Object.fromEntries(envelopes.map((hash) => [hash, how === "lie" ? "CARRY_009" : "received"])), problems: [] });
    }
    return json({ problem: "no_such_place", say: "no" }, 404);
  }

  function tagged(request, answer) {
    const tag = `"${hex(answer.body)}"`;
    return request.headers["if-none-match"] === tag ? { status: 304, tag } : { ...answer, tag };
  }

  const http = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const url = new URL(request.url, "http://here");
    const write = ({ status, type, body: out, tag }) => {
      const headers = { "X-OpenRosa-Version": "1.0", "X-OpenRosa-Accept-Content-Length": server.limit, ...(type && { "Content-Type": type, "Content-Length": out.length }), ...(tag && { ETag: tag }) };
      response.writeHead(status, headers).end(out);
    };
    const key = /^\/v1\/key\/([^/]+)\/(.*)$/.exec(url.pathname);
    if (!key) return elsewhere(request, response, url, body);
    const how = server.mood({ path: key[2], method: request.method });
    server.asked.push(`${request.method} ${key[2]}: ${how}`);
    const html = (status) => write({ status, type: "text/html", body: Buffer.from("<html>Please sign in</html>") });
    if (how === "500" || how === "404") return write({ status: Number(how), type: "text/plain", body: Buffer.from("?") });
    if (how === "401" || how === "403") return html(Number(how));
    if (how === "503 html") return html(503);
    if (how === "html") return html(200);
    if (how === "nothing") return request.socket.destroy();
    if (how === "silence") return; // neither answers nor hangs up
    if (how === "login") return response.writeHead(302, { Location: "http://login.example/" }).end();
    if (how === "garbage") return write({ status: 200, type: "application/json", body: Buffer.from("[1, null") });
    if (how === "half") return half(response, request, Buffer.from('{"person": {"id": "p", "name"'));
    const answer = await answered(key[1], key[2], url.searchParams, request, body, how);
    if (how === "half after storing") return half(response, request, answer.body ?? Buffer.from("xx"));
    if (how === "wrong type" && answer.type) return write({ ...answer, type: "application/octet-stream" });
    write(answer);
  });

  async function elsewhere(request, response, url, body) {
    const say = (value) => response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    if (url.pathname === "/mood") return (server.mood = () => body.toString()), say(1);
    if (url.pathname === "/revoke") return server.revoked.add(body.toString()), say(1);
    if (url.pathname === "/stored") return say({ records: Object.fromEntries(server.records), conflicts: server.conflicts, asked: server.asked });
    const path = normalize(url.pathname.replace(/^\/field\//, ""));
    if (path === "empty.html") return response.writeHead(200, { "Content-Type": "text/html", "Content-Security-Policy": CSP }).end("<!doctype html><title>Khula</title>");
    const file = await readFile(join(SOURCES, path)).catch(() => null);
    response.writeHead(file ? 200 : 404, { "Content-Type": TYPES[extname(path)] ?? "text/plain", "Content-Security-Policy": CSP }).end(file ?? "");
  }

  function half(response, request, out) {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": out.length * 2 });
    response.write(out, () => request.socket.destroy());
  }

  return new Promise((resolve) =>
    http.listen(Number(told_port() ?? 0), "127.0.0.1", () => {
      server.address = `http://127.0.0.1:${http.address().port}`;
      server.close = () => (http.closeAllConnections(), http.close());
      resolve(server);
    }),
  );
}

const told_port = () => (process.argv[1] === fileURLToPath(import.meta.url) ? process.argv[2] : 0);

/** The intake of docs/how-to/carry-records-by-hand.md, once more and apart from the program. Throws at anything changed. */
export async function opened(bytes, privateKey, signJwks) {
  const data = Buffer.from(bytes);
  const first = "KHULA-CARRY-1\n";
  if (data.subarray(0, first.length).toString() !== first) throw new Error("not a file of ours");
  const public_ = new Map();
  for (const jwk of signJwks) {
    const key = await subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
    const point = Buffer.from(await subtle.exportKey("raw", key));
    public_.set(createHash("sha256").update(point).digest("base64url"), key);
  }
  const ours = await subtle.exportKey("jwk", privateKey);
  const ourPoint = Buffer.concat([Buffer.from([4]), Buffer.from(ours.x, "base64url"), Buffer.from(ours.y, "base64url")]);
  const [records, envelopes, notes] = [[], [], []];
  let contents;
  for (let at = first.length; at < data.length; ) {
    const length = data.readUInt32BE(at);
    const envelope = data.subarray(at + 4, at + 4 + length);
    if (envelope.length !== length) throw new Error("cut off");
    at += 4 + length;
    const headLength = envelope.readUInt32BE(0);
    const head = envelope.subarray(4, 4 + headLength);
    const header = JSON.parse(head.toString());
    const key = public_.get(header.from);
    if (!key) throw new Error("unknown sender");
    const good = await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, envelope.subarray(-64), envelope.subarray(0, -64));
    if (!good) throw new Error("changed");
    if (header.what === "contents") {
      contents = header.envelopes;
      continue;
    }
    envelopes.push(hex(envelope));
    const epk = Buffer.from(header.epk, "base64url");
    const theirs = await subtle.importKey("raw", epk, { name: "ECDH", namedCurve: "P-256" }, false, []);
    const shared = await subtle.deriveBits({ name: "ECDH", public: theirs }, privateKey, 256);
    const aes = await subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: Buffer.concat([epk, ourPoint]), info: Buffer.from("khula seal 1") },
      await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]), { name: "AES-GCM", length: 256 }, false, ["decrypt"],
    );
    const how = { name: "AES-GCM", iv: Buffer.from(header.iv, "base64url"), additionalData: head };
    const body = Buffer.from(await subtle.decrypt(how, aes, envelope.subarray(4 + headLength, -64)));
    if (header.what === "note") {
      notes.push(body);
      continue;
    }
    const aboutLength = body.readUInt32BE(0);
    const about = JSON.parse(body.subarray(4, 4 + aboutLength).toString());
    let from = 4 + aboutLength;
    const cut = ({ size, sha256 }) => {
      const part = body.subarray(from, (from += size));
      if (hex(part) !== sha256) throw new Error("not what it says");
      return part;
    };
    const xml = cut(about.xml);
    records.push({ about, xml, files: about.files.map((file) => [file.name, cut(file)]) });
  }
  if (JSON.stringify(contents) !== JSON.stringify(envelopes)) throw new Error("shortened");
  return { records, envelopes, notes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = JSON.parse(process.env.PLANTED ?? "[]");
  const server = await hostile({ rows: Number(process.env.ROWS ?? names.length), label: (at) => names[at] ?? `Child ${at}` });
  console.log(server.address);
}
