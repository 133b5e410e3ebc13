"""How levels look: told apart in print, in grey and by colour-blind eyes; one source for page, style sheet and words."""

import math
from itertools import combinations

import pytest

from khula.server.dashboard.status import DOMAINS, STATUSES, UNKNOWN, in_order, look_of, status_of
from tests.server import catalogue

LEAST_DISTANCE = 20
LEAST_CONTRAST = 7

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
EYES = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "grey": ((0.2126, 0.7152, 0.0722),) * 3,
}


def linear(colour: str) -> list[float]:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, eyes: str) -> tuple[float, float, float]:
    seen = [min(1, max(0, sum(a * b for a, b in zip(row, linear(colour), strict=True)))) for row in EYES[eyes]]
    to_xyz = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    x, y, z = (
        sum(a * b for a, b in zip(row, seen, strict=True)) / white
        for row, white in zip(to_xyz, (0.95047, 1, 1.08883), strict=True)
    )
    fx, fy, fz = (t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def ciede2000(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Sharma, Wu and Dalal 2005."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, a)) % 360 if (a or b) else 0.0 for a, b in ((a1, b1), (a2, b2)))
    dh = 0.0 if not c1 * c2 else (h2 - h1 + 180) % 360 - 180
    if c1 * c2 and h2 - h1 == 180:
        dh = 180.0
    dl, dc, dhh = l2 - l1, c2 - c1, 2 * math.sqrt(c1 * c2) * math.sin(math.radians(dh / 2))
    ml, mc = (l1 + l2) / 2, (c1 + c2) / 2
    if not c1 * c2:
        mh = h1 + h2
    elif abs(h1 - h2) <= 180:
        mh = (h1 + h2) / 2
    else:
        mh = (h1 + h2 + 360) / 2 if h1 + h2 < 360 else (h1 + h2 - 360) / 2
    t = (
        1 - 0.17 * math.cos(math.radians(mh - 30)) + 0.24 * math.cos(math.radians(2 * mh))
        + 0.32 * math.cos(math.radians(3 * mh + 6)) - 0.20 * math.cos(math.radians(4 * mh - 63))
    )  # fmt: skip
    sl = 1 + 0.015 * (ml - 50) ** 2 / math.sqrt(20 + (ml - 50) ** 2)
    sc, sh = 1 + 0.045 * mc, 1 + 0.015 * mc * t
    turn = 30 * math.exp(-(((mh - 275) / 25) ** 2))
    rt = -2 * math.sqrt(mc**7 / (mc**7 + 25**7)) * math.sin(math.radians(2 * turn))
    return math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dhh / sh) ** 2 + rt * (dc / sc) * (dhh / sh))


@pytest.mark.parametrize(("one", "other", "distance"), [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
])  # fmt: skip
def test_the_distance_is_the_published_one(one: tuple, other: tuple, distance: float) -> None:
    assert ciede2000(one, other) == pytest.approx(distance, abs=1e-4)
    assert ciede2000(other, one) == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize("eyes", list(EYES))
def test_act_now_watch_and_ok_are_told_apart_by_all_eyes_and_on_grey_paper(eyes: str) -> None:
    known = [status for status in STATUSES if status is not UNKNOWN]
    for one, other in combinations(known, 2):
        assert ciede2000(lab(one.paper, eyes), lab(other.paper, eyes)) >= LEAST_DISTANCE, (one.level, other.level)


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: status.mark)
def test_the_words_on_a_level_are_easy_to_read(status: object) -> None:
    assert contrast(status.ink, status.paper) >= LEAST_CONTRAST


def test_darker_is_graver_so_that_order_survives_a_copier() -> None:
    by_rank = sorted((s for s in STATUSES if s is not UNKNOWN), key=lambda status: status.rank)
    assert [s.level for s in by_rank] == ["low", "medium", "high"]
    assert sorted(by_rank, key=lambda status: -luminance(status.paper)) == by_rank


def test_symbols_and_words_are_all_different() -> None:
    for part in ("symbol", "words", "mark", "level", "paper"):
        assert len({str(getattr(status, part)) for status in STATUSES}) == len(STATUSES)


@pytest.mark.parametrize("level", [None, "", "LOW", "watch", "ok", 3])
def test_what_is_no_level_is_not_yet_known(level: object) -> None:
    assert status_of(level) is UNKNOWN


def test_a_seventh_domain_comes_last_under_the_packs_own_words() -> None:
    assert in_order({"play": 1, "education": 1, "health": 1}) == ["health", "education", "play"]
    assert look_of("play", "Play").words == "Play"
    assert look_of("play").ask


def test_the_style_sheet_says_what_the_one_source_says() -> None:
    assert catalogue.STYLE.read_text() == catalogue.style(), "run: python tests/server/catalogue.py"


def test_every_domain_has_its_picture() -> None:
    pictures = (catalogue.STYLE.parent / "pictures.svg").read_text()
    for look in DOMAINS:
        assert f'<symbol id="{look.name}"' in pictures
        assert f'<view id="v-{look.name}"' in pictures


def test_the_anchors_of_the_domains_are_all_different() -> None:
    assert len({look.anchor for look in DOMAINS}) == len(DOMAINS)
