"""A device's address in; the code that sets up ODK Collect when it is scanned out (JSON, zlib, base64, QR)."""

import base64
import io
import json
import zlib

import segno

#: Languages of ours that Collect has too. One it does not know would make it refuse the whole code.
COLLECT_SPEAKS = frozenset({"en", "fr", "pt", "sw", "zu"})
COLOUR = "#0d5c46"


def settings_of(server_url: str, *, project: str, language: str, username: str = "") -> dict[str, object]:
    """What Collect is told; everything else goes back to its default."""
    general: dict[str, object] = {
        "server_url": server_url,
        # The device offers exactly what the server lists, and sends by itself whenever it can.
        "form_update_mode": "match_exactly",
        "periodic_form_updates_check": "every_fifteen_minutes",
        "autosend": "wifi_and_cellular",
    }
    if language in COLLECT_SPEAKS:
        general["app_language"] = language
    if username:
        general["metadata_username"] = username
    return {"general": general, "project": {"name": project, "icon": "K", "color": COLOUR}, "admin": {}}


def settings_text(server_url: str, *, project: str, language: str, username: str = "") -> str:
    """What stands in the code."""
    settings = settings_of(server_url, project=project, language=language, username=username)
    packed = zlib.compress(json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    return base64.b64encode(packed).decode()


def settings_qr(server_url: str, *, project: str, language: str, username: str = "") -> str:
    """The code as an SVG to stand in a page."""
    return code_of(settings_text(server_url, project=project, language=language, username=username))


def code_of(text: str) -> str:
    """Any text as a code, an SVG to stand in a page."""
    return str(_code(text).svg_inline(scale=4, border=4, omitsize=True, svgclass="qr", lineclass=None, light="#fff"))


def settings_png(server_url: str, *, project: str, language: str, username: str = "") -> bytes:
    """The code as a picture to print or to send."""
    drawn = io.BytesIO()
    text = settings_text(server_url, project=project, language=language, username=username)
    _code(text).save(drawn, kind="png", border=4, scale=6)
    return drawn.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make(text, error="l", micro=False, boost_error=False)


def device_url(host: str, token: str) -> str:
    """The address of a device: `host` is "https://khula.example.org"."""
    return f"{host.rstrip('/')}/v1/key/{token}"
