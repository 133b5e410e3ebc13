"""Invented children and a wave → what each informant would answer, question by question, before anybody forgets.

Every child has a standing in each matter of its life (hunger, mood of the caregiver, learning …) that changes slowly
from wave to wave. An answer follows the standing and some chance of its own, so informants agree often and not
always. How many give which answer in which wave is set by shares, so that the whole comes near what was published.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from random import Random
from statistics import NormalDist

from khula.analysis.growth import DAYS_PER_MONTH, who_reference
from khula.demo.people import InventedChild

Answers = dict[str, str]
INFORMANTS = ("child", "caregiver", "teacher", "health")
NORMAL = NormalDist()

#: How much a matter is bound to the hardship of the family, and how much of it lasts to the next wave.
MATTERS: Mapping[str, tuple[float, float]] = {
    "money": (0.75, 0.9),
    "grant": (0.2, 0.85),
    "home": (0.7, 0.95),
    "hunger": (0.6, 0.6),
    "mood": (0.35, 0.7),
    "care": (0.3, 0.8),
    "support": (0.25, 0.6),
    "health": (0.25, 0.7),
    "sight": (0.0, 0.9),
    "hearing": (0.0, 0.9),
    "body": (0.0, 0.95),
    "learning": (0.35, 0.85),
    "absence": (0.3, 0.6),
    "feelings": (0.25, 0.75),
    "friends": (0.1, 0.7),
}
MOOD_WEIGHS_ON_FEELINGS = 0.3
BOYS_FIND_IT_HARDER = 0.25  # published: boys and children of depressed caregivers are less resilient


@dataclass(frozen=True)
class Ask:
    """One question: its matter, how far the answer follows it, and the codes from worst to best.

    `shares` are percentages of those asked in waves 1, 2 and 3 for every code but the last.
    """

    matter: str
    follows: float  # 0 = chance alone, 1 = the matter alone
    codes: str
    shares: tuple[tuple[float, ...], ...]


def ask(matter: str, follows: float, codes: str, *shares: tuple[float, ...] | float) -> Ask:
    """One share for all waves, or one for each of the three."""
    told = tuple(share if isinstance(share, tuple) else (share, share, share) for share in shares)
    return Ask(matter, follows, codes, told)


ASKED: Mapping[str, Ask] = {
    # the caregiver: the home
    "g_adult": ask("care", 0.6, "no yes", (1.2, 0.5, 0.5)),
    "g_loss": ask("feelings", 0.3, "yes no", (24, 14, 11)),
    "g_homework": ask("learning", 0.5, "0 1 2", (22, 17, 12), (33, 32, 30)),
    "g_read_to": ask("learning", 0.5, "0 1 2", (34, 28, 21), (38, 40, 42)),
    "g_books": ask("money", 0.5, "0 1 2", (46, 40, 33), (44, 47, 51)),
    "g_fn_learn": ask("learning", 0.8, "2 1 0", (10, 7, 5), 21),
    "g_fn_remember": ask("learning", 0.7, "2 1 0", (8, 6, 4), 18),
    "g_fn_see": ask("sight", 0.7, "2 1 0", 1.5, 6),
    "g_fn_hear": ask("hearing", 0.7, "2 1 0", 1.5, 6),
    "g_fn_walk": ask("body", 0.7, "3 2 1 0", 0.4, 0.8, 2),
    "g_fn_hands": ask("body", 0.7, "2 1 0", 0.8, 3),
    "g_fn_care": ask("body", 0.5, "2 1 0", 0.8, 5),
    "g_fn_talk": ask("body", 0.5, "2 1 0", 1.5, 6),
    "g_ill": ask("health", 0.6, "yes no", 11),
    "g_ill_care": ask("health", 0.3, "no sometimes yes", 9, 26),
    "g_clinic": ask("money", 0.5, "2 1 0", (7, 5, 4), (34, 28, 24)),
    "g_card": ask("health", 0.4, "no na yes", (17, 13, 9), 10),
    "g_danger": ask("health", 0.5, "breath none", 0.5),
    "g_eat_together": ask("care", 0.4, "0 1 2", 16, 34),
    "g_grant": ask("grant", 0.9, "stopped never applied income yes", (0, 2, 5), (0, 1, 2), (0, 2, 4), (0, 2, 4)),
    "g_birth_cert": ask("grant", 0.5, "no applied yes", (4, 3, 3), (5, 4, 3)),
    "g_income": ask(
        "money", 0.85, "none grant casual family wage", (12, 11, 12), (31, 31, 32), (25, 28, 27), (12, 12, 13)
    ),
    "g_dwelling": ask("home", 0.85, "other informal backyard traditional house", 1, (33, 32, 32), 16, 6),
    "g_water": ask("home", 0.8, "unsafe far near home", 5, 26, 26),
    "g_toilet": ask("home", 0.8, "none pit vip flush", 4, 39, 17),
    "g_light": ask("home", 0.7, "no yes", 26),
    "g_bed": ask("home", 0.8, "2 1 0", (26, 25, 25), 24),
    "g_clothes": ask("money", 0.7, "2 1 0", (28, 27, 26), (33, 31, 30)),
    "g_support": ask("support", 0.9, "0 1 2", (30, 20, 8), (38.3, 30, 22.1)),
    "g_d_talk": ask("care", 0.4, "0 1 2", (25, 18, 14), 35),
    "g_d_shout": ask("care", 0.65, "2 1 0", (25, 25, 26), (34, 33, 32)),
    "g_d_smack": ask("care", 0.7, "2 1 0", (17, 15, 14), (35, 33, 32)),
    "g_d_object": ask("care", 0.7, "2 1 0", (5, 4, 5), (19, 20, 22)),
    "g_d_hard": ask("care", 0.8, "yes no", (2.0, 1.0, 1.1)),
    "g_alone": ask("care", 0.6, "2 1 0", (3, 2, 2), 13),
    "g_alone_night": ask("care", 0.7, "yes no", (1.6, 1.0, 0.6)),
    "g_violence": ask("care", 0.7, "now yes no", (1.2, 0.5, 0.5), (6, 5, 4.5)),
    "g_contact": ask("care", 0.1, "school times call", 20, 40),
    # the child
    "c_likes_school": ask("learning", 0.4, "2 1 0", (9, 6, 4), 19),
    "c_friends": ask("friends", 0.6, "2 1 0", (9, 6, 4), 22),
    "c_see_board": ask("sight", 0.7, "2 1 0", 4, 12),
    "c_pain": ask("health", 0.4, "2 1 0", (8, 6, 5), 24),
    "c_bed_hungry": ask("hunger", 0.75, "2 1 0", (9.9, 0, 4.9), (22, 9, 13)),
    "c_shoes": ask("money", 0.5, "2 1 0", (16, 15, 15), 23),
    "c_bed": ask("home", 0.6, "2 1 0", (10, 9, 8), 33),
    "c_safe_home": ask("care", 0.6, "2 1 0", (5, 4, 3), 15),
    "c_safe_school": ask("feelings", 0.4, "2 1 0", (9, 7, 6), 23),
    "c_afraid_home": ask("care", 0.7, "yes no", (2.0, 1.0, 0.6)),
    "c_hurt": ask("care", 0.6, "yes no", (4.0, 2.5, 1.7)),
    "c_touch": ask("care", 0.3, "yes no", (0.8, 0.4, 0.5)),
    "c_tell": ask("support", 0.4, "no yes", (19, 13, 9)),
    "c_worried": ask("feelings", 0.7, "2 1 0", (15, 10, 6), 33),
    "c_happy": ask("feelings", 0.7, "2 1 0", (8, 5, 3), 27),
    # the teacher
    "t_fn_learn": ask("learning", 0.9, "3 2 1 0", (2, 1, 1), (13, 10, 8), 26),
    "t_fn_attend": ask("learning", 0.7, "3 2 1 0", (2, 1, 1), (12, 10, 8), 27),
    "t_takes_part": ask("learning", 0.7, "0 1 2", (8, 6, 4), 31),
    "t_repeat": ask("learning", 0.7, "yes no", (5, 9, 12)),
    "t_sna1": ask("learning", 0.8, "yes no", (4, 9, 14)),
    "t_fn_see": ask("sight", 0.6, "2 1 0", 1.5, 6),
    "t_fn_hear": ask("hearing", 0.6, "2 1 0", 1.5, 6),
    "t_fn_walk": ask("body", 0.7, "2 1 0", 0.8, 2),
    "t_fn_hands": ask("body", 0.6, "2 1 0", 1.5, 7),
    "t_fn_talk": ask("body", 0.5, "2 1 0", 1.5, 6),
    "t_hungry": ask("hunger", 0.7, "2 1 0", (10, 3, 5), (24, 14, 17)),
    "t_meal": ask("hunger", 0.1, "0 1 2", 4, 15),
    "t_uniform": ask("money", 0.6, "2 1 0", (19, 18, 17), 26),
    "t_stationery": ask("money", 0.6, "2 1 0", (19, 19, 18), 28),
    "t_sad": ask("feelings", 0.7, "3 2 1 0", (1, 1, 0.6), (11, 8, 5), 23),
    "t_behave": ask("feelings", 0.5, "3 2 1 0", (1, 1, 0.6), (8, 7, 5), 22),
    "t_friends": ask("friends", 0.7, "0 1 2", (7, 5, 4), 26),
    "t_bullied": ask("friends", 0.4, "yes no", (8, 6, 5)),
    "t_contact": ask("care", 0.4, "0 1 2", (9, 7, 5), 30),
    "t_signs": ask(
        "care",
        0.7,
        "injury afraid no_adult harmful neglect none",
        (0.8, 0.5, 0.5),
        (0.4, 0, 0),
        (0.4, 0.4, 0.5),
        0.4,
        (4, 3, 2.2),
    ),
    # the nurse
    "h_pallor": ask("hunger", 0.4, "yes no", (5, 4, 3)),
    "h_vision": ask("sight", 0.95, "refer pass", 2.1),
    "h_hearing": ask("hearing", 0.95, "refer pass", 5.4),
    "h_mouth": ask("health", 0.4, "pain decay good", (6, 5, 4), 34),
    "h_skin": ask("health", 0.4, "treat good", (6, 5, 4)),
    "h_speech": ask("body", 0.6, "refer good", 2.5),
    "h_motor": ask("body", 0.9, "refer good", 1.2),
    "h_tb_cough": ask("health", 0.6, "yes no", (3, 2, 1.5)),
    "h_tb_fever": ask("health", 0.5, "yes no", 1),
    "h_tb_weight": ask("hunger", 0.4, "yes no", (2.5, 1.5, 1.5)),
    "h_tb_play": ask("health", 0.5, "yes no", 1.5),
    "h_tb_contact": ask("home", 0.3, "yes dk no", 4, 4),
    "h_immunised": ask("health", 0.4, "no na yes", (11, 8, 6), 9),
    "h_dewormed": ask("health", 0.2, "no dk yes", (38, 24, 16), 12),
    "h_danger": ask("health", 0.6, "dry none", 0.4),
    "h_injury": ask("care", 0.7, "yes no", (0.8, 0.4, 0.5)),
    "h_sexual": ask("care", 0.6, "yes no", (0, 0, 0)),
    "h_neglect": ask("care", 0.8, "yes no", (1.2, 0.8, 0.5)),
    "h_refused": ask("care", 0.5, "yes no", (0.4, 0, 0)),
    "h_concern": ask("feelings", 0.6, "2 1 0", (4, 3, 2), 11),
    "h_self_harm": ask("feelings", 0.9, "yes no", (0, 0, 0)),
}
#: Shares of caregivers at or above the cut-off of low mood, and of children at or above that of the symptom list.
LOW_MOOD = (0.54, 0.39, 0.243)
MANY_SYMPTOMS = (0.36, 0.247, 0.12)
BREAKFAST_AND_SUPPER = (0.62, 0.74, 0.80)
READING_CARD = 0.8
STUNTED, OVERWEIGHT = 0.127, 0.282
# Answers that are forgotten, not known or not given.
NOT_KNOWN, NOT_GIVEN, LEFT_BLANK = 0.008, 0.004, 0.006
SAYS_NO = {"child": 0.015, "caregiver": 0.008, "health": 0.012}
CONSENT = {"child": "c_assent", "caregiver": "g_consent", "health": "h_assent"}
ALWAYS_ANSWERED = frozenset(
    {"c_assent", "g_consent", "g_consent_share", "h_assent", "c_go_on", "c_reading", "t_signs", "g_danger"}
)


@dataclass
class Year:
    """All children of one wave; `answers(child)` gives what each informant would say about it."""

    wave: int
    children: Sequence[InventedChild]
    day_of: Callable[[InventedChild, str], date]  # the day the informant is asked
    seed: int = 7
    _said: dict[str, dict[str, Answers]] = field(default_factory=dict)

    def answers(self, child: InventedChild) -> Mapping[str, Answers]:
        """Informant -> question -> code."""
        if not self._said:
            self._live()
        return self._said[child.id]

    def _live(self) -> None:
        self._said = {child.id: {informant: {} for informant in INFORMANTS} for child in self.children}
        for name, question in ASKED.items():
            for child, code in self._shared_out(name, question):
                self._said[child.id][_informant(name)][name] = code
        self._symptoms()
        self._mood()
        self._food()
        self._growth()
        for child in self.children:
            self._the_rest(child)

    # Standing

    def chance(self, *of: str) -> Random:
        return Random(":".join((str(self.seed), str(self.wave), *of)))  # noqa: S311 – repeatable on purpose

    @cached_property
    def standing(self) -> Mapping[str, Mapping[str, float]]:
        """matter -> child -> standard normal; more is worse."""
        standing = {matter: {child.id: self._stands(child, matter) for child in self.children} for matter in MATTERS}
        for child in self.children:
            feelings = standing["feelings"][child.id] + MOOD_WEIGHS_ON_FEELINGS * standing["mood"][child.id]
            standing["feelings"][child.id] = feelings + (BOYS_FIND_IT_HARDER if child.sex == "male" else 0.0)
        return standing

    def _stands(self, child: InventedChild, matter: str) -> float:
        bound, lasts = MATTERS[matter]
        # The caregiver's own matters belong to the caregiver: a new one brings a new standing.
        whose = child.caregiver_in(self.wave).id if matter in ("mood", "support") else child.id
        always = Random(f"{self.seed}:{whose}:{matter}").gauss(0, 1)  # noqa: S311
        now = self.chance(whose, matter).gauss(0, 1)
        own = lasts * always + (1 - lasts**2) ** 0.5 * now
        return bound * child.hardship + (1 - bound**2) ** 0.5 * own

    def _order(self, name: str, matter: str, follows: float) -> list[InventedChild]:
        """Worst first."""
        standing = self.standing[matter]

        def place(child: InventedChild) -> float:
            own = self.chance(child.id, name).gauss(0, 1)
            return follows * standing[child.id] + (1 - follows**2) ** 0.5 * own

        return sorted(self.children, key=place, reverse=True)

    def _shared_out(self, name: str, question: Ask) -> list[tuple[InventedChild, str]]:
        order = self._order(name, question.matter, question.follows)
        codes = question.codes.split()
        ends, total = [], 0.0
        for share in question.shares:
            total += share[self.wave - 1]
            ends.append(round(len(order) * total / 100))
        ends += [len(order)] * (len(codes) - len(ends))
        return [(child, codes[sum(place >= end for end in ends)]) for place, child in enumerate(order)]

    # Scales: first how high the total, then which questions made it

    def _totals(
        self, name: str, matter: str, share: float, cut: int, most: int, typical: float
    ) -> list[tuple[InventedChild, int]]:
        """A total for each child, so that this share of them lies at or above the cut-off."""
        order = self._order(name, matter, 0.9)
        above = round(len(order) * share)
        totals = []
        for place, child in enumerate(order):
            chance = self.chance(child.id, name, "total")
            if place < above:
                total = cut + int(chance.expovariate(1 / (1 + 6 * (1 - place / above))))
            else:
                depth = (place - above) / max(1, len(order) - above)
                total = int((1 - depth) * (cut - 1) * (0.6 + 0.4 * chance.random()) + typical * chance.random() * depth)
            totals.append((child, max(0, min(most, total if place < above else min(total, cut - 1)))))
        return totals

    def _spread(self, chance: Random, total: int, items: Sequence[str], most: int) -> dict[str, int]:
        points = dict.fromkeys(items, 0)
        while total > 0:
            item = chance.choice([item for item in items if points[item] < most])
            points[item] += 1
            total -= 1
        return points

    def _symptoms(self) -> None:
        items = [f"psc_{n}" for n in range(1, 18)]
        for child, total in self._totals("psc", "feelings", MANY_SYMPTOMS[self.wave - 1], 15, 30, 6):
            chance = self.chance(child.id, "psc", "spread")
            points = self._spread(chance, total, items, 2)
            if total < 15:  # no part of the list alone reaches its own cut-off
                for part, cut in ((("2", "6", "9", "11", "15"), 5), (("1", "3", "7", "13", "17"), 7),
                                  (("4", "5", "8", "10", "12", "14", "16"), 7)):  # fmt: skip
                    while sum(points[f"psc_{n}"] for n in part) >= cut:
                        points[next(f"psc_{n}" for n in part if points[f"psc_{n}"])] -= 1
            self._said[child.id]["caregiver"] |= {item: str(value) for item, value in points.items()}

    def _mood(self) -> None:
        items = [f"ces_{n}" for n in range(1, 11)]
        for child, total in self._totals("ces", "mood", LOW_MOOD[self.wave - 1], 10, 28, 6):
            points = self._spread(self.chance(child.id, "ces", "spread"), total, items, 3)
            turned = {"ces_5", "ces_8"}  # hopeful, happy: the other way round
            self._said[child.id]["caregiver"] |= {
                item: str(3 - value if item in turned else value) for item, value in points.items()
            }

    def _food(self) -> None:
        """Hunger in the home follows the same standing as the child's own; what is eaten follows money, too."""
        nothing = (20, 4, 10)[self.wave - 1] / 100
        order = self._order("hhs", "hunger", 0.85)
        for place, child in enumerate(order):
            said, chance = self._said[child.id]["caregiver"], self.chance(child.id, "food")
            depth = place / len(order)
            for number, (among, often) in enumerate(((1.0, 0.08), (0.7, 0.06), (0.25, 0.03)), start=1):
                yes = depth < nothing * among
                said[f"hhs_{number}"] = "yes" if yes else "no"
                worse = "often" if depth < nothing * often else chance.choice(("rarely", "sometimes"))
                said[f"hhs_{number}f"] = worse if yes else ""
            kinds = NORMAL.inv_cdf(min(0.999, max(0.001, depth))) + 5.6
            likely = (0.98, 0.5, 0.42, 0.55, 0.66, 0.5, 0.55, 0.4, 0.72, 0.5)
            for number, share in enumerate(likely, start=1):
                said[f"dds_{number}"] = "1" if chance.random() < share * (0.55 + kinds / 12) else "0"
        fed = BREAKFAST_AND_SUPPER[self.wave - 1]
        order = self._order("meals", "hunger", 0.6)
        for place, child in enumerate(order):
            said, chance = self._said[child.id]["child"], self.chance(child.id, "meals")
            hungry = place < len(order) * (1 - fed)
            both = place < len(order) * (1 - fed) * 0.06
            missed = "c_breakfast" if chance.random() < 0.75 else "c_supper"
            for meal in ("c_breakfast", "c_supper"):
                said[meal] = "no" if both or (hungry and meal == missed) else "yes"

    # The body

    def _growth(self) -> None:
        """Published: poorer families and bigger households have shorter children; bigger households heavier ones."""
        tall = NORMAL.inv_cdf(STUNTED)
        heights = self._z(
            "height", lambda child: -0.35 * child.hardship - 0.15 * child.crowding, -2 - tall * 1.08, 1.08
        )
        mean = 1 + NORMAL.inv_cdf(OVERWEIGHT) * 1.32
        bulks = self._z("bulk", lambda child: 0.25 * child.crowding - 0.3 * child.hardship, mean, 1.32)
        for child in self.children:
            said, chance = self._said[child.id]["health"], self.chance(child.id, "scales")
            age = (self.day_of(child, "health") - child.birth_date).days
            height = _value_at(heights[child.id], "height_for_age", child.sex, age)
            bmi = _value_at(bulks[child.id], "bmi_for_age", child.sex, age)
            weight = bmi * (height / 100) ** 2
            said |= {
                "h_height_cm": f"{height:.1f}",
                "h_height_again": f"{height + chance.choice((-0.2, -0.1, 0, 0, 0.1, 0.2)):.1f}",
                "h_weight_kg": f"{weight:.1f}",
                "h_weight_again": f"{weight + chance.choice((-0.1, 0, 0, 0.1)):.1f}",
                "h_measured": "standing",
                "h_oedema": "no",
            }

    def _z(self, name: str, leaning: Callable[[InventedChild], float], mean: float, sd: float) -> Mapping[str, float]:
        """z-scores with exactly that mean and spread over the children, leaning as told, lasting over the waves."""

        def place(child: InventedChild) -> float:
            always = Random(f"{self.seed}:{child.id}:{name}").gauss(0, 1)  # noqa: S311
            return leaning(child) + 0.9 * always + 0.2 * self.chance(child.id, name).gauss(0, 1)

        order = sorted(self.children, key=place)
        return {child.id: mean + sd * NORMAL.inv_cdf((rank + 0.5) / len(order)) for rank, child in enumerate(order)}

    # What follows from nothing else

    def _the_rest(self, child: InventedChild) -> None:
        said, chance = self._said[child.id], self.chance(child.id, "rest")
        self._rest_of_caregiver(child, said["caregiver"], chance)
        said["child"] |= {"c_interview_language": child.language, "c_assent": "yes", "c_go_on": "yes"}
        self._reading(child, said["child"], chance)
        self._marks_and_days(child, said["teacher"], chance)
        said["health"]["h_assent"] = "yes"
        for informant in INFORMANTS:
            self._forget(said[informant], self.chance(child.id, informant, "gaps"))
            if chance.random() < SAYS_NO.get(informant, 0):
                no = "stop" if informant == "child" and chance.random() < 0.5 else "no"
                said[informant] = {name: text for name, text in said[informant].items() if "language" in name}
                said[informant][CONSENT[informant]] = no

    def _rest_of_caregiver(self, child: InventedChild, said: Answers, chance: Random) -> None:
        caregiver = child.caregiver_in(self.wave)
        people = max(2, round(4.6 + 1.3 * child.crowding + chance.gauss(0, 0.6)))
        warm = -self.standing["care"][child.id]
        said |= {
            "g_consent": "yes",
            "g_consent_share": "no" if chance.random() < 0.05 else "yes",
            "g_interview_language": caregiver.language,
            "g_relation": caregiver.relation,
            "g_people": str(people),
            "g_rooms": str(max(1, round(people / (1.7 + 0.5 * max(0.0, self.standing["home"][child.id]))))),
            "g_proud": chance.choice(PROUD_OF),
        }
        for number, leaning in enumerate((1, 0, -1, 0, -1, 1, 1, -1, 0), start=1):
            said[f"apq_{number}"] = str(
                max(1, min(5, round(3.1 + 0.7 * leaning + 0.4 * leaning * warm + chance.gauss(0, 0.9))))
            )

    def _reading(self, child: InventedChild, said: Answers, chance: Random) -> None:
        said["c_reading"] = "yes" if chance.random() < READING_CARD else "no"
        ability = -self.standing["learning"][child.id] + chance.gauss(0, 0.4)
        grade = "R123".index(child.grades[self.wave - 1])
        said["c_letters"] = str(max(0, round((6, 28, 44, 52)[grade] + 11 * ability)))
        said["c_words"] = str(max(0, round((0, 6, 24, 41)[grade] + 9 * ability))) if grade > 1 else ""

    def _marks_and_days(self, child: InventedChild, said: Answers, chance: Random) -> None:
        ability = -self.standing["learning"][child.id]
        for subject, middle in (("t_caps_hl", 4.9), ("t_caps_fal", 4.3), ("t_caps_math", 4.2)):
            mark = max(1, min(7, round(middle + 0.95 * ability + chance.gauss(0, 0.6))))
            said[subject] = str(mark) if child.grades[self.wave - 1] != "R" else ""
        often = self.standing["absence"][child.id]
        absent = max(0, round(1.4 + 2.0 * often + chance.gauss(0, 0.8)))
        said |= {
            "t_months": str(chance.randint(3, 10)),
            "t_days_open": str(chance.choice((38, 40, 42))),
            "t_days_absent": str(absent),
            "t_days_row": str(min(absent, 1 + int(absent * chance.random()))) if absent else "",
            "t_days_ill": str(int(absent * chance.random())) if absent else "",
            "t_good_at": chance.choice(GOOD_AT),
        }

    def _forget(self, said: Answers, chance: Random) -> None:
        for name in sorted(said):
            draw = chance.random()
            if name in ALWAYS_ANSWERED or name.startswith("h_") or "language" in name or not said[name]:
                continue
            if draw < NOT_KNOWN and not name.startswith(("psc_", "apq_", "g_people", "g_rooms", "t_days")):
                said[name] = "dk"
            elif draw < NOT_KNOWN + NOT_GIVEN and name.startswith(("g_", "ces_", "hhs_", "c_")):
                said[name] = "refused"
            elif draw < NOT_KNOWN + NOT_GIVEN + LEFT_BLANK:
                said[name] = ""


def _informant(question: str) -> str:
    return {"c": "child", "g": "caregiver", "t": "teacher", "h": "health"}[question[0]]


def _value_at(z: float, measure: str, sex: str, age_days: int) -> float:
    """The measurement that has this z-score (WHO 2007 by month, 2006 by day), inside three standard deviations."""
    reference = who_reference(measure)
    months = age_days / DAYS_PER_MONTH
    if months < reference.seam_months:
        row, share = reference.by_day[sex, age_days], 0.0
    else:
        row, share = reference.by_month[sex, int(months)], months - int(months)
    l, m, s = row.l + share * row.l_step, row.m + share * row.m_step, row.s + share * row.s_step
    return m * (1 + l * s * z) ** (1 / l) if l else m * 2.718281828459045 ** (s * z)


PROUD_OF = (
    "She helps with the little one.", "He never gives up.", "He sings in church.", "She shares her food.",
    "He greets the old people.", "She tells me stories about school.", "He fixes things.", "She laughs a lot.", "",
)  # fmt: skip
GOOD_AT = ("drawing", "counting", "singing", "helping others", "running", "telling stories", "soccer", "building", "")
