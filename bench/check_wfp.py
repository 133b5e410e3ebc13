"""WFP's sample roster in; how many of its children our packs score as WFP's published rule does out.

    .venv/bin/python bench/check_wfp.py ../shared/data/wfp

Twice through `khula score`: every food WFP asks, by the plug-in pack school_age_diet, which holds WFP's rule (CRF 63);
and the ten food groups, by the foundation phase pack. WFP counts a food nobody was asked about as not eaten; our packs
keep a blank as a blank, so the blanks are filled here. The roster (Apache-2.0) is no part of this repository.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from click.testing import CliRunner

from khula.cli.score import score

PACKS = Path(__file__).parents[1] / "packs"
WFP = "PSchoolAgeDDS"
FOODS = {
    "diet_cereals": "StapCer",
    "diet_roots": "StapRoo",
    "diet_pulses": "Pulse",
    "diet_nuts": "Nuts",
    "diet_milk": "Milk",
    "diet_dairy": "Dairy",
    "diet_organ": "PrMeatO",
    "diet_flesh": "PrMeatF",
    "diet_processed": "PrMeatPro",
    "diet_poultry": "PrMeatWhite",
    "diet_fish": "PrFish",
    "diet_eggs": "PrEgg",
    "diet_greens": "VegGre",
    "diet_orange_veg": "VegOrg",
    "diet_orange_fruit": "FruitOrg",
    "diet_other_veg": "VegOth",
    "diet_other_fruit": "FruitOth",
    "diet_snf": "Snf",
    "diet_f_wheat": "FortFoodwflour",
    "diet_f_maize": "FortFoodmflour",
    "diet_f_rice": "FortFoodrice",
    "diet_f_drink": "FortFooddrink",
}
GROUPS = {
    "dds_1": ("StapCer", "StapRoo", "FortFoodwflour", "FortFoodmflour", "FortFoodrice", "FortFooddrink"),
    "dds_2": ("Pulse",),
    "dds_3": ("Nuts",),
    "dds_4": ("Milk", "Dairy"),
    "dds_5": ("PrMeatO", "PrMeatF", "PrMeatPro", "PrMeatWhite", "PrFish", "Snf"),
    "dds_6": ("PrEgg",),
    "dds_7": ("VegGre",),
    "dds_8": ("VegOrg", "FruitOrg"),
    "dds_9": ("VegOth",),
    "dds_10": ("FruitOth",),
}


def main(folder: Path) -> int:
    children = list(roster(folder / "SBP_school_age_child_roster.csv"))
    wanted = {row["child"]: row for row in rows(folder / "wfp_school_age_dds_expected.csv")}
    foods = [
        {"child": name, **{ours: eaten(child, theirs) for ours, theirs in FOODS.items()}} for name, child in children
    ]
    groups = [{"child": name, **{g: eaten(child, *foods) for g, foods in GROUPS.items()}} for name, child in children]
    right = [
        compare(scored(PACKS / "plugins/school_age_diet", foods), wanted, "diet_groups"),
        compare(scored(PACKS / "foundation_phase", groups), wanted, "dds"),
    ]
    print(f"figure wfp_foods_equal {right[0]} of_{len(wanted)}")
    print(f"figure wfp_groups_equal {right[1]} of_{len(wanted)}")
    return 0 if right == [len(wanted)] * 2 else 1


def rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def roster(path: Path) -> Iterable[tuple[str, dict[str, str]]]:
    for row in rows(path):
        plain = {name.rpartition("/")[2]: cell for name, cell in row.items()}
        yield plain["PChildName"], plain


def eaten(child: Mapping[str, str], *foods: str) -> str:
    return "1" if any(child[WFP + food] == "1" for food in foods) else "0"


def scored(pack: Path, answers: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    with tempfile.TemporaryDirectory() as place:
        given, out = Path(place) / "caregiver.csv", Path(place) / "out.csv"
        with given.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(answers[0]))
            writer.writeheader()
            writer.writerows(answers)
        result = CliRunner().invoke(score, [str(pack), str(given), "--out", str(out)])
        assert result.exit_code == 0, result.output
        return {row["child"]: row for row in rows(out)}


def compare(ours: dict[str, dict[str, str]], wanted: dict[str, dict[str, str]], scale: str) -> int:
    """A child is right when the number of groups and "five or more" are both WFP's."""
    bands = {"0": "low", "1": "adequate"}
    right = sum(
        ours[name][scale] == row["dds"] and ours[name][f"{scale}__band"] == bands[row["dds_5"]]
        for name, row in wanted.items()
    )
    print(f"{scale}: {right} of {len(wanted)}")
    return right


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
