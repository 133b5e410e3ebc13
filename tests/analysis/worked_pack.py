"""A small pack for worked examples: scales as published, four voices, one domain that can reach every level.

The questions' words are ours or left out; the rules are those of the sources named beside the scales.
"""

from dataclasses import replace

from khula.analysis.packs.pack import (
    Alert,
    Band,
    Choice,
    Derive,
    Domain,
    Flag,
    Instrument,
    Norm,
    Pack,
    Param,
    Question,
    Scale,
    Strength,
)

NOTHING = {"en": ""}
ABOUT_HUNGER = ("n_severe", "n_moderate", "n_t_hungry", "n_c_hungry")


def _question(name: str, informant: str, type_: str, codes: str = "", label: str = "") -> Question:
    words = {"0": "Never", "1": "Sometimes", "2": "Often", "yes": "Yes", "no": "No"}
    choices = tuple(Choice(code, {"en": words.get(code, code), "fr": f"fr {code}"}) for code in codes.split())
    return Question(name, f"kh_{informant}", informant, type_, {"en": label or name, "fr": f"fr {name}"}, choices)


def _questions() -> dict[str, Question]:
    asked = [_question(f"psc_{at}", "caregiver", "select_one", "0 1 2 dk") for at in range(1, 18)]
    asked += [_question(f"ces_{at}", "caregiver", "select_one", "0 1 2 3 dk refused") for at in range(1, 11)]
    for at in (1, 2, 3):
        asked.append(_question(f"hhs_{at}", "caregiver", "select_one", "yes no dk"))
        asked.append(_question(f"hhs_{at}f", "caregiver", "select_one", "rarely sometimes often"))
    asked += [
        _question("oedema", "health", "select_one", "yes no", "Swelling of both feet?"),
        _question("weight_kg", "health", "decimal"),
        _question("height_cm", "health", "decimal"),
        _question("t_hungry", "teacher", "select_one", "never some most", "Comes to school hungry"),
        _question("t_absent", "teacher", "integer"),
        _question("c_bedhungry", "child", "select_one", "yes no", "Did you go to bed hungry?"),
        _question("c_hurt", "child", "select_one", "yes no dk", "Does someone hurt you?"),
        _question("c_likes", "child", "select_multiple", "maths play dk"),
        _question("moved_on", "caregiver", "date"),
        _question("remark", "teacher", "text"),
    ]
    return {question.name: question for question in asked}


def _scale(name: str, method: str, items: str, **more) -> Scale:
    names = tuple(items.split()) if " " in items or ".." not in items else _range(items)
    return Scale(name, more.pop("instrument", name), {"en": name.upper()}, method, names, **more)


def _range(items: str) -> tuple[str, ...]:
    stem, _, last = items.rpartition("..")
    name, _, first = stem.rpartition("_")
    return tuple(f"{name}_{at}" for at in range(int(first), int(last) + 1))


def _bands(scale: str, *rows: tuple, **more) -> list[Band]:
    return [Band(scale, band, {"en": f"{scale} {band}"}, start, below, **more) for band, start, below in rows]


def worked_pack() -> Pack:
    """PSC-17 (Gardner 1999), CES-D-10 (Andresen 1994), household hunger (FANTA 2011), BMI for age (WHO)."""
    hunger = [
        row
        for at in (1, 2, 3)
        for row in (
            Derive(f"hhs_{at}s", f"${{hhs_{at}}} = 'no'", "0"),
            Derive(f"hhs_{at}s", f"${{hhs_{at}f}} = 'often'", "2"),
            Derive(f"hhs_{at}s", f"${{hhs_{at}f}} = 'rarely' or ${{hhs_{at}f}} = 'sometimes'", "1"),
        )
    ]
    derive: dict[str, tuple[Derive, ...]] = {}
    for row in hunger:
        derive[row.name] = (*derive.get(row.name, ()), row)
    scales = [
        _scale("psc", "sum", "psc_1..17", item_min=0, item_max=2, missing="zero", min_answered=14, source="Gardner 1999"),
        _scale(
            "ces", "sum", "ces_1..10", reverse=("ces_5", "ces_8"), item_min=0, item_max=3, missing="prorate",
            min_answered=8, round=0,
        ),
        _scale("hhs", "sum", "hhs_1s hhs_2s hhs_3s", item_min=0, item_max=2),
        _scale("baz", "zscore", "weight_kg height_cm", norm="bmi", source="WHO"),
    ]  # fmt: skip
    bands = [
        *_bands("psc", ("ok", None, "15"), ("positive", "15", None)),
        *_bands("ces", ("ok", None, "10"), ("positive", "10", None)),
        *_bands("ces", ("ok", None, "12"), ("positive", "12", None), language="zu", source="a validation in isiZulu"),
        *_bands("hhs", ("little", None, "2"), ("moderate", "2", "4"), ("severe", "4", None)),
        *_bands("baz", ("severe_thin", None, "-3"), ("thin", "-3", "-2"), ("normal", "-2", "1.01")),
        *_bands("baz", ("overweight", "1.01", "2.01"), ("obese", "2.01", None), age_from="60"),
        *_bands(
            "baz", ("normal", "1.01", "2.01"), ("overweight", "2.01", "3.01"), ("obese", "3.01", None), age_to="60"
        ),
    ]
    flags = [
        Flag("n_oedema", "nutrition", "high", "health", "${oedema} = 'yes'", {"en": "Swelling of both feet."}),
        Flag("n_thin", "nutrition", "medium", "health", "band(${baz}) = 'thin'", {"en": "Thin for the age."}),
        Flag("n_over", "nutrition", "watch", "health", "band(${baz}) = 'overweight'", {"en": "Overweight."}),
        Flag("n_severe", "nutrition", "high", "caregiver", "band(${hhs}) = 'severe'", {"en": "Severe hunger."}),
        Flag("n_moderate", "nutrition", "medium", "caregiver", "band(${hhs}) = 'moderate'", {"en": "Hunger."}),
        Flag("n_t_hungry", "nutrition", "medium", "teacher", "${t_hungry} = 'most'", {"en": "Comes hungry."}, "meals"),
        Flag("n_c_hungry", "nutrition", "medium", "child", "${c_bedhungry} = 'yes'", {"en": "Went to bed hungry."}),
        Flag("p_psc", "feelings", "medium", "caregiver", "band(${psc}) = 'positive'", {"en": "Screened positive."}),
        Flag("p_absent", "feelings", "high", "teacher", "${t_absent} >= ${absent_limit}", {"en": "Away for long."}),
    ]
    flags = [replace(flag, about="hunger" if flag.name in ABOUT_HUNGER else "") for flag in flags]
    return Pack(
        "worked", "1", {"en": "Worked examples"}, ("en", "fr"), (), _questions(),
        {"psc": Instrument("psc", NOTHING, "caregiver", "kh_caregiver", "", "yes", "", "")},
        derive, {scale.name: scale for scale in scales}, tuple(bands),
        (
            Norm("bmi", "who:bmi_for_age", "months", "", "228", "who3sd", "-5", "5", "${oedema} = 'yes'", "WHO 2006/2007"),
        ),
        {flag.name: flag for flag in flags},
        {"s_likes": Strength("s_likes", "feelings", "child", "selected(${c_likes}, 'play')", {"en": "Likes to play."})},
        {
            "nutrition": Domain("nutrition", {"en": "Food"}, ("baz", "hhs", "t_hungry", "c_bedhungry"), 3),
            "feelings": Domain("feelings", {"en": "Feelings"}, ("psc",), 1),
        },
        {"a_hurt": Alert("a_hurt", "${c_hurt} = 'yes'", "now", ("social_worker",), {"en": "Stay with the child."})},
        (),
        (Param("absent_limit", "2010-01-01", "20", "old"), Param("absent_limit", "2020-01-01", "10", "NEPA 2010")),
        content_hash="ab" * 32,
    )  # fmt: skip
