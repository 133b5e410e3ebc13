"""A server address in; what ODK Collect would fetch, keep and send out. No Android: the rules of its transport only.

Written from Collect's behaviour (docs of ODK, and its source read as a specification): which answers it refuses,
when it splits a post, what it does with entity lists. Every rule the server breaks raises `CollectRefuses`.
"""

import base64
import csv
import hashlib
import http.client
import io
import json
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from lxml import etree

LISTED = "{http://openrosa.org/xforms/xformsList}"
ENTITIES = "{http://www.opendatakit.org/xforms/entities}"
MANIFESTED = "{http://openrosa.org/xforms/xformsManifest}"
#: Collect's own split: after this many files a post ends and the next one begins.
FILES_PER_POST = 101
LIMIT_WHEN_NOT_TOLD = 10_000_000


class CollectRefuses(AssertionError):
    """ODK Collect would show an error here, or silently keep nothing."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def message(self) -> str:
        """What Collect shows the person: the text of <message>, when it is an OpenRosa answer."""
        if b"OpenRosaResponse" not in self.body:
            return ""
        found = _parse(self.body).find("{*}message")
        return "" if found is None else "".join(found.itertext())


@dataclass(frozen=True)
class Listed:
    form_id: str
    name: str
    version: str | None
    md5: str | None
    download_url: str
    manifest_url: str | None


@dataclass(frozen=True)
class Medium:
    filename: str
    md5: str
    download_url: str
    integrity_url: str | None
    type: str | None


@dataclass(frozen=True)
class Downloaded:
    listed: Listed
    xml: bytes
    media: Mapping[str, bytes]


@dataclass
class Collect:
    """One installation of Collect with one project."""

    settings: Mapping[str, object]
    device_id: str = field(default_factory=lambda: f"collect:{uuid.uuid4().hex[:16]}")
    hashes: dict[str, str] = field(default_factory=dict)  # filename -> md5 of what is on the device
    kept: dict[str, bytes] = field(default_factory=dict)
    entities: "dict[str, EntityStore]" = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)  # paths, in order: to see what was not fetched again
    _lines: dict[str, http.client.HTTPConnection] = field(default_factory=dict)

    @classmethod
    def from_qr(cls, text: str) -> "Collect":
        """From the text of a settings QR code: Base64 of zlib of JSON, `general` and `admin` mandatory."""
        settings = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
        for key in ("general", "admin"):
            if not isinstance(settings.get(key), dict):
                raise CollectRefuses(f"settings without {key!r}")
        return cls(settings)

    @classmethod
    def at(cls, server_url: str) -> "Collect":
        return cls({"general": {"server_url": server_url}, "admin": {}})

    @property
    def base(self) -> str:
        general = self.settings["general"]
        assert isinstance(general, dict)
        return str(general["server_url"]).rstrip("/")

    # What is fetched

    def form_list(self) -> list[Listed]:
        root = self._openrosa(f"{self.base}/formList")
        if root.tag != f"{LISTED}xforms":
            raise CollectRefuses(f"form list with root {root.tag}")
        return [self._listed(each) for each in root.findall(f"{LISTED}xform")]

    def _listed(self, element: etree._Element) -> Listed:
        said = {etree.QName(each).localname: (each.text or "").strip() for each in element}
        if not (said.get("formID") and said.get("name") and said.get("downloadUrl")):
            raise CollectRefuses("one form without formID, name or downloadUrl: the whole list is refused")
        md5 = said.get("hash", "")
        return Listed(
            form_id=said["formID"],
            name=said["name"],
            version=said.get("version") or None,
            md5=md5.removeprefix("md5:") if md5.startswith("md5:") else None,
            download_url=said["downloadUrl"],
            manifest_url=said.get("manifestUrl") or None,
        )

    def manifest(self, url: str) -> list[Medium]:
        root = self._openrosa(url)
        if root.tag != f"{MANIFESTED}manifest":
            raise CollectRefuses(f"manifest with root {root.tag}")
        media = []
        for element in root.findall(f"{MANIFESTED}mediaFile"):
            said = {etree.QName(each).localname: (each.text or "").strip() for each in element}
            if not (said.get("filename") and said.get("hash") and said.get("downloadUrl")):
                raise CollectRefuses("one medium without filename, hash or downloadUrl: the whole manifest is refused")
            media.append(
                Medium(
                    filename=said["filename"].rsplit("/", 1)[-1],
                    md5=said["hash"][4:],
                    download_url=said["downloadUrl"],
                    integrity_url=said.get("integrityUrl") or None,
                    type=element.get("type"),
                )
            )
        return media

    def download(self, listed: Listed) -> Downloaded:
        if listed.md5 is None:
            raise CollectRefuses(f"{listed.form_id}: a form with no hash")
        xml = self._get(listed.download_url)
        if hashlib.md5(xml).hexdigest() != listed.md5:
            raise CollectRefuses(f"{listed.form_id}: other bytes than its hash says; it would be fetched for ever")
        media = {} if listed.manifest_url is None else self._media(self.manifest(listed.manifest_url))
        return Downloaded(listed, xml, media)

    def _media(self, wanted: Sequence[Medium]) -> dict[str, bytes]:
        media = {}
        for medium in wanted:
            if self.hashes.get(medium.filename) != medium.md5:
                self.kept[medium.filename] = self._get(medium.download_url)
                self.hashes[medium.filename] = medium.md5
                if medium.type in ("entityList", "approvalEntityList"):
                    self._take_in(medium)
            media[medium.filename] = self.kept[medium.filename]
        return media

    def _take_in(self, medium: Medium) -> None:
        name = medium.filename.removesuffix(".csv")
        store = self.entities.setdefault(name, EntityStore(approval=medium.type == "approvalEntityList"))
        gone = store.update_from_server(self.kept[medium.filename].decode())
        if gone and medium.integrity_url:
            store.drop(self.deleted(medium.integrity_url, gone))

    def deleted(self, integrity_url: str, ids: Sequence[str]) -> set[str]:
        """Which of these entities the server says are deleted."""
        joint = "&" if "?" in integrity_url else "?"
        root = self._openrosa(f"{integrity_url}{joint}id={quote(','.join(ids), safe=',')}")
        said = {each.get("id"): each.findtext("{*}deleted") for each in root.iter("{*}entity")}
        if not set(said.values()) <= {"true", "false"}:
            raise CollectRefuses("<deleted> must say exactly true or false")
        return {id_ for id_, gone in said.items() if gone == "true" and id_ is not None}

    def refresh(self) -> list[Downloaded]:
        """Everything on the list, as "exactly match server" does."""
        return [self.download(each) for each in self.form_list()]

    # What is sent

    def send(self, xml: bytes, files: Mapping[str, bytes] | None = None) -> Reply:
        """One filled form with its files: HEAD first, then as many posts as Collect would make of it."""
        head = self.request("HEAD", f"{self.base}/submission")
        if head.status in (401,) or (200 <= head.status < 300 and head.status != 204):
            raise CollectRefuses(f"HEAD answered {head.status}: is this an OpenRosa submission endpoint?")
        limit = int(head.headers.get("x-openrosa-accept-content-length", LIMIT_WHEN_NOT_TOLD))
        reply = None
        for batch, last in split(xml, files or {}, limit):
            reply = self.post(xml, batch, incomplete=not last)
            if reply.status not in (201, 202):
                return reply
        assert reply is not None
        return reply

    def post(self, xml: bytes, files: Mapping[str, bytes] | None = None, *, incomplete: bool = False) -> Reply:
        body, content_type = multipart(xml, files or {}, incomplete=incomplete)
        return self.request("POST", f"{self.base}/submission", body, {"Content-Type": content_type})

    # The wire

    def request(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        parts = urlsplit(url)
        query = "&".join(filter(None, [parts.query, urlencode({"deviceID": self.device_id})]))
        said = {"X-OpenRosa-Version": "1.0", "User-Agent": "org.odk.collect.android/v2026.1", **(headers or {})}
        answer, content = self._exchange(parts.netloc, method, f"{parts.path}?{query}", body, said)
        self.fetched.append(f"{method} {parts.path}")
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)

    def _exchange(
        self, netloc: str, method: str, path: str, body: bytes | None, said: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        kept_open = netloc in self._lines
        line = self._line(netloc)
        try:
            line.request(method, path, body, dict(said))
            answer = line.getresponse()
            return answer, answer.read()
        except (http.client.HTTPException, OSError):
            self._lines.pop(netloc).close()
            if not kept_open:
                raise
            # A line that lay idle may have been closed meanwhile: OkHttp tries once more on a fresh one.
            return self._exchange(netloc, method, path, body, said)

    def _line(self, netloc: str) -> http.client.HTTPConnection:
        if netloc not in self._lines:
            self._lines[netloc] = http.client.HTTPConnection(netloc, timeout=60)
        return self._lines[netloc]

    def _get(self, url: str) -> bytes:
        reply = self.request("GET", url)
        if reply.status != 200:
            raise CollectRefuses(f"GET answered {reply.status} {reply.message}")
        return reply.body

    def _openrosa(self, url: str) -> etree._Element:
        reply = self.request("GET", url)
        if reply.status != 200:
            raise CollectRefuses(f"GET answered {reply.status} {reply.message}")
        if "text/xml" not in reply.headers.get("content-type", ""):
            raise CollectRefuses("not text/xml: Collect would speak of a network proxy")
        if "x-openrosa-version" not in reply.headers:
            raise CollectRefuses("no X-OpenRosa-Version: not an OpenRosa server")
        return _parse(reply.body)


#: What Collect itself knows of a row besides its version: the server's version that it left, and by which branch.
OF_THE_BRANCH = ("__trunkVersion", "__branchId")


@dataclass
class EntityStore:
    """What Collect keeps of one entity list: the server's rows, and those made or changed on this device."""

    approval: bool = False
    rows: dict[str, dict[str, str]] = field(default_factory=dict)  # id -> name, label, __version, properties
    offline: set[str] = field(default_factory=set)
    columns: list[str] = field(default_factory=list)

    def update_from_server(self, text: str) -> list[str]:
        """Take the server's list; returns the ids of offline rows it does not have, to be asked after."""
        reader = csv.DictReader(io.StringIO(text))
        rows = list(reader)
        for row in rows:
            if not (row.get("name") and row.get("label") and (row.get("__version") or "").isdigit()):
                raise CollectRefuses("a row without name, label or numeric __version: the whole list is ignored")
        self.columns = [name for name in reader.fieldnames or [] if name == "__version" or not name.startswith("__")]
        listed = {row["name"]: {name: row[name] or "" for name in self.columns} for row in rows}
        for id_, row in listed.items():
            self._meet(id_, row)
        for id_ in set(self.rows) - set(listed) - self.offline:
            del self.rows[id_]
        return sorted(self.offline - set(listed))

    def _meet(self, id_: str, row: dict[str, str]) -> None:
        """A version at least as high as ours takes its place, and a branch begins there; ours stays while it is higher."""
        mine = self.rows.get(id_)
        if mine is None or int(row["__version"]) >= int(mine["__version"]):
            self.rows[id_] = row | {"__trunkVersion": row["__version"], "__branchId": str(uuid.uuid4())}
        self.offline.discard(id_)

    def drop(self, ids: set[str]) -> None:
        for id_ in ids & self.offline:
            self.offline.discard(id_)
            del self.rows[id_]

    def learn_from(self, form: bytes, xml: bytes) -> str | None:
        """Take in what a finished form says about an entity of this list, before it is sent; returns the id."""
        root, saved = _parse(xml), _saved(form, xml)
        for entity in root.iter("{*}entity"):
            id_, create, update = entity.get("id", ""), entity.get("create"), entity.get("update")
            label = entity.findtext("{*}label") or ""
            if create in ("1", "true") and not self.approval and label and _is_uuid4(id_):
                own = {"__version": "1", "__trunkVersion": "", "__branchId": str(uuid.uuid4())}
                self.rows[id_] = {**saved, "name": id_, "label": label, **own}
                self.offline.add(id_)
                return id_
            if update in ("1", "true") and id_ in self.rows:
                version = int(self.rows[id_]["__version"]) + 1
                self.rows[id_] |= {**saved, "__version": str(version), **({"label": label} if label else {})}
                return id_
        return None

    def as_csv(self) -> bytes:
        """The list as a form on this device reads it."""
        out = io.StringIO()
        known = dict.fromkeys(name for row in self.rows.values() for name in row if name not in OF_THE_BRANCH)
        writer = csv.DictWriter(out, list(dict.fromkeys([*self.columns, *known, *OF_THE_BRANCH])), restval="")
        writer.writeheader()
        writer.writerows(self.rows.values())
        return out.getvalue().encode()


def split(xml: bytes, files: Mapping[str, bytes], limit: int) -> Iterator[tuple[dict[str, bytes], bool]]:
    """The files of each post, and whether it is the last one."""
    names = list(files)
    batch: dict[str, bytes] = {}
    size = len(xml)
    for place, name in enumerate(names):
        batch[name] = files[name]
        size += len(files[name])
        following = names[place + 1] if place + 1 < len(names) else None
        if following and (len(batch) >= FILES_PER_POST or size + len(files[following]) > limit):
            yield batch, False
            batch, size = {}, len(xml)
    yield batch, True


def multipart(
    xml: bytes, files: Mapping[str, bytes], *, incomplete: bool = False, boundary: str = ""
) -> tuple[bytes, str]:
    """The body of a post as Collect writes it, and its content type."""
    boundary = boundary or uuid.uuid4().hex
    parts = [_part(boundary, "xml_submission_file", xml, "text/xml", "submission.xml")]
    parts += [_part(boundary, name, content, _type_of(name), name) for name, content in files.items()]
    if incomplete:
        parts.append(_part(boundary, "*isIncomplete*", b"yes"))
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, name: str, content: bytes, content_type: str = "", filename: str = "") -> bytes:
    named = f'; filename="{filename}"' if filename else ""
    typed = f"Content-Type: {content_type}\r\n" if content_type else ""
    length = f"Content-Length: {len(content)}\r\n"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{typed}{length}\r\n'
    return head.encode() + content + b"\r\n"


def _type_of(name: str) -> str:
    kinds = {"csv": "text/csv", "jpg": "image/jpeg", "png": "image/png", "m4a": "audio/m4a", "xml": "text/xml"}
    return kinds.get(name.rsplit(".", 1)[-1], "application/octet-stream")


def _parse(body: bytes) -> etree._Element:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))


def _saved(form: bytes, xml: bytes) -> dict[str, str]:
    """Property -> text, for the answers that the form saves to the entity."""
    root = _parse(xml)
    saved = {}
    for bind in _parse(form).iter("{http://www.w3.org/2002/xforms}bind"):
        name = bind.get(f"{ENTITIES}saveto")
        if name:
            below_root = bind.get("nodeset", "").split("/")[2:]
            text = root.findtext("/".join(f"{{*}}{part}" for part in below_root))
            if text is not None:  # what was not asked says nothing
                saved[name] = text
    return saved


def _is_uuid4(text: str) -> bool:
    try:
        return uuid.UUID(text).version == 4
    except ValueError:
        return False
