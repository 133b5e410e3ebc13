"""The child page: what each role is told, whom it is sent to instead, and that nothing else leaks."""

import json
import re
from dataclasses import dataclass
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from khula.server.cases.models import Assessment, Case
from khula.server.dashboard.child_address import long, short
from khula.server.dashboard.queries import latest_assessment
from khula.server.packs.models import PackVersion
from khula.server.people.roles import Role
from khula.server.schools.models import Child, Post, School
from khula.server.waves.models import Wave
from tests.server import page_data
from tests.server.page_data import Place, pack

TEAM = (Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.PSYCHOLOGIST, Role.COORDINATOR)
QUIET = {
    "level": "low",
    "raised": [],
    "have": 5,
    "need": 4,
    "missing": [],
    "could_be": None,
    "informants_differ": False,
}


@pytest.fixture
def place() -> Place:
    return page_data.school_with_class(2)


@pytest.fixture
def case(place: Place) -> Case:
    return Case.objects.get(child=place.children[0], wave=place.waves[1])


def says(flag: str, language: str = "en") -> str:
    return str(pack().flags[flag].say[language])


def tell(case: Case, domain: str, **level: object) -> None:
    """Let the case's latest assessment say this of one domain, and nothing of concern of the others."""
    domains = {name: {**QUIET, "said": {}} for name in pack().domains}
    domains[domain] = {**QUIET, "said": {}, **level}
    page_data.assessment(case, {"domains": domains, "strengths": {}})
    levels = {name: one["level"] for name, one in domains.items()}
    Case.objects.filter(pk=case.pk).update(levels=json.dumps(levels))


def page_for(role: Role, place: Place, case: Case, **more: object) -> str:
    client = Client()
    klass = place.school_class if role is Role.TEACHER else None
    client.force_login(page_data.person(role, school=place.school, school_class=klass, **more))
    response = client.get(f"/c/{case.pk}")
    assert response.status_code == 200
    return response.content.decode()


def section(page: str, domain: str) -> str:
    return re.search(rf'<section class="domain d-\w" id={domain[:2]} .*?</section>', page, re.DOTALL)[0]


def flag_of(domain: str, informant: str, level: str = "high") -> str:
    return next(f.name for f in pack().flags.values() if (f.domain, f.informant, f.level) == (domain, informant, level))


@pytest.mark.parametrize(("role", "told"), [
    (Role.SOCIAL_WORKER, True), (Role.NURSE, True), (Role.COORDINATOR, True), (Role.TEACHER, False),
    (Role.PSYCHOLOGIST, False),
])  # fmt: skip
def test_a_reason_is_told_to_those_of_its_domain_and_the_others_are_sent_to_them(
    place: Place, case: Case, role: Role, told: bool
) -> None:
    flag = flag_of("nutrition", "caregiver")
    tell(case, "nutrition", level="high", raised=[flag], said={"caregiver": "concern", "child": "no concern"})
    food = section(page_for(role, place, case), "nutrition")
    assert (says(flag) in food) == told
    assert ("Ask the nurse." in food) == (not told)
    assert "■ Act now" in food
    assert "What to do next" in food


def test_a_teacher_reads_her_own_words_in_any_domain(place: Place, case: Case) -> None:
    flag = flag_of("protection", "teacher")
    tell(case, "protection", level="high", raised=[flag], said={"teacher": "concern"})
    assert says(flag) in section(page_for(Role.TEACHER, place, case), "protection")


def test_a_nurse_reads_her_own_words_in_any_domain(place: Place, case: Case) -> None:
    own = [f for f in pack().flags.values() if f.informant == "health" and f.domain not in ("health", "nutrition")]
    assert own, "the shipped pack no longer asks the nurse of anything but health and food"
    tell(case, own[0].domain, level="high", raised=[own[0].name], said={"health": "concern"})
    assert own[0].say["en"] in section(page_for(Role.NURSE, place, case), own[0].domain)


@pytest.mark.parametrize("role", [Role.TEACHER, Role.NURSE, Role.COORDINATOR])
def test_the_caregivers_own_sadness_is_told_to_nobody_but_social_worker_and_psychologist(
    place: Place, case: Case, role: Role
) -> None:
    sad = [f for f in pack().flags.values() if "ces_total" in f.when]
    assert sad, "the shipped pack no longer asks how the caregiver feels"
    tell(case, "protection", level="medium", raised=[f.name for f in sad], said={"caregiver": "concern"})
    page = page_for(role, place, case)
    for flag in sad:
        assert flag.say["en"] not in page
    assert "Ask the social worker." in section(page, "protection")
    for insider in (Role.SOCIAL_WORKER, Role.PSYCHOLOGIST):
        assert sad[0].say["en"] in page_for(insider, place, case)


def test_a_score_is_kept_as_carefully_as_its_most_careful_question(place: Place, case: Case) -> None:
    """The discipline scale stands on restricted answers: the coordinator is not told, although the sheet is unmarked."""
    from khula.server.dashboard.sensitivity import sensitivities_of

    marks = sensitivities_of(pack())
    assert marks.of("ces_1") == "S3"
    assert marks.of("ces_total") == "S3"
    assert marks.of_expression("band(${ces_total}) = 'positive' and ${g_income} = 'none'") == "S3"
    assert marks.of("no such name") == ""


def test_what_a_voice_says_is_shown_side_by_side_and_only_to_those_who_may(place: Place, case: Case) -> None:
    said = {"child": "concern", "caregiver": "no concern", "teacher": "not known"}
    tell(case, "education", level="medium", raised=[], said=said, informants_differ=True)
    page = page_for(Role.SOCIAL_WORKER, place, case)
    row = re.search(r"<tr class=differs><th scope=row>School ≠(.*?)<tr", page, re.DOTALL)[1]
    row = re.sub(r"<small class=ph>.*?</small>", "", row)  # the voice again, for narrow windows
    assert re.sub(r"<.*?>", "|", row).strip("|\n").replace("||", "|") == "Concern|No concern|Not known|Not asked"
    assert "The voices differ." in section(page, "education")
    tell(case, "protection", level="high", raised=[], said=said, informants_differ=True)
    teacher = page_for(Role.TEACHER, place, case)
    row = re.search(r"<th scope=row>Safety and care ≠(.*?)<tr", teacher, re.DOTALL)[1]
    assert "Concern" not in row
    assert "No concern" not in row


def test_what_another_pack_version_makes_of_the_answers_does_not_take_the_place_of_what_the_team_goes_by(
    place: Place, case: Case
) -> None:
    tell(case, "education", level="medium")
    counted = Assessment.objects.latest("id")
    newer = PackVersion.objects.create(
        name="newer", version="99", content_hash="f" * 64, content="{}", published_at=page_data.NOW
    )
    Assessment.objects.create(case=case, pack_version=newer, input_hash="0" * 64, result="{}", at=page_data.NOW)
    latest = latest_assessment(case.pk)
    assert latest is not None
    assert (latest.pack_hash, latest.result) == (pack().content_hash, json.loads(counted.result))
    page_for(Role.TEACHER, place, case)


def test_what_is_missing_and_what_it_could_still_be_is_said(place: Place, case: Case) -> None:
    tell(case, "education", level="not enough information", have=1, missing=["t_takes_part"], could_be="high")
    school = section(page_for(Role.TEACHER, place, case), "education")
    assert "Could still be: Act now" in school
    assert "1 facts are known. OK needs at least 4." in school
    assert f"Teacher: {pack().questions['t_takes_part'].label['en']}" in school.replace("&#x27;", "'")
    assert "Too little has been heard" in school


def test_a_child_of_whom_nothing_is_known_has_six_domains_that_are_not_yet_known(place: Place) -> None:
    child = Child.objects.create(
        id="3f0e5a44-9d3c-4c57-8a11-000000000001", school=place.school, school_class=place.school_class,
        given_names="Amahle", family_name="Zulu",
    )  # fmt: skip
    client = Client()
    client.force_login(page_data.person(Role.NURSE, school=place.school))
    for address in (short(child.pk), child.pk):
        page = client.get(f"/c/{address}").content.decode()
        assert page.count('<section class="domain ') == 6
        assert "● OK" not in page
        assert page.count("not heard yet") == 4


def test_watch_items_and_strengths_stand_beside_the_level(place: Place, case: Case) -> None:
    watch = flag_of("education", "teacher", "watch")
    strength = next(s for s in pack().strengths.values() if (s.domain, s.informant) == ("education", "caregiver"))
    domains = {name: {**QUIET, "said": {}} for name in pack().domains}
    domains["education"]["raised"] = [watch]
    page_data.assessment(case, {"domains": domains, "strengths": {strength.name: True, "unknown": None}})
    school = section(page_for(Role.TEACHER, place, case), "education")
    assert "● OK" in school
    assert "Also noticed" in school
    assert says(watch) in school
    assert strength.say["en"] in school


def test_alerts_are_for_those_they_name(place: Place, case: Case) -> None:
    page_data.raise_alert(case, "a_c_hurt")
    sentence = pack().alerts["a_c_hurt"].say["en"]
    pages = {role: page_for(role, place, case) for role in TEAM}
    told = {role for role, page in pages.items() if "Needs a person at once" in page}
    assert told == {Role.SOCIAL_WORKER, Role.COORDINATOR}
    assert all(sentence in pages[role] for role in told)


def test_the_waves_stand_side_by_side_and_an_earlier_one_can_be_opened(place: Place, case: Case) -> None:
    client = Client()
    client.force_login(page_data.person(Role.SOCIAL_WORKER, school=place.school))
    page = client.get(f"/c/{case.pk}").content.decode()
    assert '<a href="?wave=1">Wave 1, 2025</a>' in page
    before = client.get(f"/c/{case.pk}?wave=1").content.decode()
    assert '<a href="?wave=2">Wave 2, 2026</a>' in before
    earlier = Case.objects.get(child=case.child, wave=place.waves[0])
    assert '<a href="?wave=2">Wave 2, 2026</a>' in client.get(f"/c/{earlier.pk}").content.decode()


@dataclass(frozen=True)
class Moved:
    """The child was at Vukani Primary School in one wave; now at Ikageng, which has its own wave 1."""

    before: Place
    earlier: Case
    wave: Wave


@pytest.fixture
def moved(place: Place, case: Case) -> Moved:
    before = page_data.school_with_class(1, name="Vukani Primary School", emis="700400002")
    wave = before.waves[0]
    Wave.objects.filter(pk=wave.pk).update(name="Spring at Vukani")
    earlier = Case.objects.get(child=before.children[0], wave=wave)
    Case.objects.filter(pk=earlier.pk).update(child=case.child)
    earlier.refresh_from_db()
    return Moved(before, earlier, wave)


def at(place: Place, *posts: tuple[Role, School | None]) -> Client:
    user = page_data.person(None)
    for role, school in posts:
        Post.objects.create(user=user, role=role, school=school)
    client = Client()
    client.force_login(user)
    return client


def test_a_wave_at_an_earlier_school_is_shown_to_those_who_see_children_of_both(
    place: Place, case: Case, moved: Moved
) -> None:
    for client in (
        at(place, (Role.SOCIAL_WORKER, None)),
        at(place, (Role.SOCIAL_WORKER, place.school), (Role.SOCIAL_WORKER, moved.before.school)),
    ):
        page = client.get(f"/c/{case.pk}").content.decode()
        assert f'<a href="/c/{moved.earlier.pk}">Spring at Vukani</a><br><small>Vukani Primary School' in page
        assert '<a href="?wave=1">Wave 1, 2025</a>' in page
        then = client.get(f"/c/{moved.earlier.pk}").content.decode()
        assert "class=here>Spring at Vukani" in then
        assert '<a href="?wave=2">Wave 2, 2026</a>' in then
        assert "Wave 2, 2026" in client.get(f"/c/{moved.earlier.pk}?wave=2").content.decode()


def test_who_does_not_work_at_the_earlier_school_is_not_shown_its_wave(place: Place, case: Case, moved: Moved) -> None:
    client = at(place, (Role.SOCIAL_WORKER, place.school))
    for address in (f"/c/{case.pk}", f"/c/{moved.earlier.pk}"):
        page = client.get(address).content.decode()
        assert "Vukani" not in page
        assert "class=here>Wave 2, 2026" in page
    ended = at(place, (Role.SOCIAL_WORKER, place.school), (Role.SOCIAL_WORKER, moved.before.school))
    Post.objects.filter(school=moved.before.school).update(until=date(2020, 1, 1))
    assert "Vukani" not in ended.get(f"/c/{case.pk}").content.decode()


def test_where_nobody_knows_the_earlier_school_its_wave_is_shown_to_nobody(
    place: Place, case: Case, moved: Moved
) -> None:
    Case.objects.filter(pk=moved.earlier.pk).update(school_class=None)
    assert "Vukani" not in at(place, (Role.SOCIAL_WORKER, None)).get(f"/c/{case.pk}").content.decode()


def test_of_an_earlier_school_a_reader_is_told_what_both_posts_allow(place: Place, case: Case, moved: Moved) -> None:
    """A social worker here who was the nurse there: the levels, and what a nurse may hear."""
    tell(moved.earlier, "protection", level="high", raised=["f_hurt"], said={"child": "concern"})
    page_data.raise_alert(moved.earlier, "a_c_hurt")
    both = at(place, (Role.SOCIAL_WORKER, place.school), (Role.SOCIAL_WORKER, moved.before.school))
    page = both.get(f"/c/{moved.earlier.pk}").content.decode()
    assert says("f_hurt") in page
    assert "Needs a person at once" in page
    nurse_then = at(place, (Role.SOCIAL_WORKER, place.school), (Role.NURSE, moved.before.school))
    page = nurse_then.get(f"/c/{moved.earlier.pk}").content.decode()
    assert "class=here>Spring at Vukani" in page
    assert says("f_hurt") not in page
    assert "Needs a person at once" not in page


def test_earlier_schools_cost_two_statements_however_many(place: Place, case: Case, moved: Moved) -> None:
    client = at(place, (Role.SOCIAL_WORKER, None))
    client.get(f"/c/{case.pk}")
    with CaptureQueriesContext(connection) as one:
        client.get(f"/c/{case.pk}")
    third = page_data.school_with_class(1, name="Thandanani Primary", emis="700400003")
    Case.objects.filter(child=third.children[0]).update(child=case.child)
    with CaptureQueriesContext(connection) as many:
        page = client.get(f"/c/{case.pk}").content.decode()
    assert page.count("<small>Thandanani Primary") == 2
    assert len(one) == len(many)


def test_pack_version_and_input_hash_stand_in_small_print(place: Place, case: Case) -> None:
    page = page_for(Role.TEACHER, place, case)
    assert f"{pack().name} {pack().version}" in page
    assert "9f2c9f2c9f2c9f2c" in page


def test_a_child_of_another_school_reads_like_one_that_does_not_exist(place: Place, case: Case) -> None:
    stranger = page_data.school_with_class(1, name="Vukani Primary School", emis="700400002")
    for role in TEAM:
        client = Client()
        klass = stranger.school_class if role is Role.TEACHER else None
        client.force_login(page_data.person(role, school=stranger.school, school_class=klass))
        answers = [client.get(address) for address in (
            f"/c/{case.pk}", f"/c/{short(case.child_id)}", f"/c/{case.child_id}", "/c/99999999", "/c/nobody",
        )]  # fmt: skip
        assert {answer.status_code for answer in answers} == {404}
        assert len({re.sub(rb'value="\w{64}"', b"", answer.content) for answer in answers}) == 1


@pytest.mark.parametrize("role", [Role.DISTRICT, Role.RESEARCHER, Role.FIELDWORKER, Role.ADMINISTRATOR])
def test_who_is_not_of_the_team_is_refused_before_anything_is_looked_up(place: Place, case: Case, role: Role) -> None:
    client = Client()
    client.force_login(page_data.person(role))
    assert client.get(f"/c/{case.pk}").status_code == 403
    assert client.get("/c/99999999").status_code == 403


def test_the_page_is_in_the_readers_language_the_packs_words_included(place: Place, case: Case) -> None:
    flag = flag_of("education", "teacher")
    tell(case, "education", level="high", raised=[flag], said={"teacher": "concern"})
    page = page_for(Role.TEACHER, place, case, language="fr")
    assert says(flag, "fr") in page
    assert "Que faire maintenant" in page
    assert says(flag) not in page


def test_the_number_of_statements_is_small_and_does_not_grow_with_the_flags(place: Place, case: Case) -> None:
    client = Client()
    client.force_login(page_data.person(Role.SOCIAL_WORKER, school=place.school))
    client.get(f"/c/{case.pk}")
    counted = []
    for flags in ([], [f.name for f in pack().flags.values() if f.domain == "health"]):
        tell(case, "health", level="high", raised=flags)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/c/{case.pk}").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 16  # three of them for the plan, two for referrals and services


def test_with_every_flag_up_the_page_stays_small(place: Place, case: Case) -> None:
    domains = {
        name: {**QUIET, "level": "high", "raised": [f.name for f in pack().flags.values() if f.domain == name],
               "said": dict.fromkeys(page_data.INFORMANTS, "concern")}
        for name in pack().domains
    }  # fmt: skip
    page_data.assessment(case, {"domains": domains, "strengths": dict.fromkeys(pack().strengths, True)})
    assert len(page_for(Role.SOCIAL_WORKER, place, case).encode()) < 38_000


def test_a_result_that_names_flags_the_pack_does_not_have_is_still_shown(place: Place, case: Case) -> None:
    Assessment.objects.filter(case=case).delete()
    tell(case, "health", level="high", raised=["a flag of another day"], missing=["nothing known"])
    assert "■ Act now" in section(page_for(Role.NURSE, place, case), "health")


@pytest.mark.parametrize("child_id", [
    "3f0e5a44-9d3c-4c57-8a11-000000000001", "00000000-0000-0000-0000-000000000000", "UPPER-CASE", "a b/c?d", "é",
    "3F0E5A44-9D3C-4C57-8A11-000000000001", "3f0e5a449d3c4c578a11000000000001",
])  # fmt: skip
def test_the_short_address_of_a_child_leads_back_to_it(child_id: str) -> None:
    assert long(short(child_id)) == child_id


# --- why -------------------------------------------------------------------------------------------------------------


def assessed(case: Case, voices: dict[str, dict[str, str]], **context: object) -> None:
    """Let these voices be heard and the case be assessed by the pack itself."""
    import msgspec

    from khula.server.cases.meaning import Meaning

    for informant, answers in voices.items():
        page_data.voice(case, informant, answers)
    meaning = Meaning(pack())
    values = meaning.read({name: text for answers in voices.values() for name, text in answers.items()})
    page_data.assessment(case, msgspec.to_builtins(meaning.assessor.assess(values, **context)))


def test_why_names_the_answers_who_gave_them_the_cut_off_the_norm_set_and_the_source(place: Place, case: Case) -> None:
    worried = {f"psc_{n}": "2" for n in range(1, 18)}
    assessed(
        case,
        {"caregiver": worried, "health": {"h_weight_kg": "16.5", "h_height_cm": "121.0", "h_measured": "standing", "h_oedema": "no"}},
        sex="female", age_days=2700,
    )  # fmt: skip
    page = page_for(Role.SOCIAL_WORKER, place, case)
    feelings, food = section(page, "psychosocial"), section(page, "nutrition")
    total = pack().scales["psc_total"]
    band = next(b for b in pack().bands if b.scale == "psc_total" and b.start)
    assert f"<b>34 ({band.label['en']})</b>" in feelings
    assert f"Caregiver; cut-off from {band.start}" in feelings
    assert pack().questions["psc_1"].label["en"].split("’")[0] in feelings
    assert "<b>Often</b>" in feelings
    assert total.source.split(",")[0].replace("&", "&amp;") in feelings
    assert re.search(r"Nurse; cut-off below -3; norm set [\w ]+", food)
    assert food.count("Growth Reference 2007") == food.count("norm set")


def test_why_leaves_out_the_answers_that_are_not_for_this_reader(place: Place, case: Case) -> None:
    sad = {f"ces_{n}": "3" for n in (1, 2, 3, 4, 6, 7, 9, 10)} | {"ces_5": "0", "ces_8": "0"}
    assessed(case, {"caregiver": sad | {f"psc_{n}": "2" for n in range(1, 18)}})
    question = pack().questions["ces_1"].label["en"].replace("'", "&#x27;")
    assert question in page_for(Role.SOCIAL_WORKER, place, case)
    for role in (Role.TEACHER, Role.NURSE, Role.COORDINATOR):
        page = page_for(role, place, case)
        assert question not in page
        assert pack().scales["ces_total"].label["en"] not in page
    assert "<b>Often</b>" in section(page_for(Role.COORDINATOR, place, case), "psychosocial")


def test_why_is_told_in_the_readers_language(place: Place, case: Case) -> None:
    assessed(case, {"caregiver": {f"psc_{n}": "2" for n in range(1, 18)}})
    feelings = section(page_for(Role.SOCIAL_WORKER, place, case, language="fr"), "psychosocial")
    assert "seuil : à partir de" in feelings
    assert "Personne en charge" in feelings
    assert "<b>Often</b>" not in feelings


def test_what_a_voice_answered_in_a_form_of_another_version_is_still_understood(place: Place, case: Case) -> None:
    from khula.server.cases.models import Voice
    from khula.server.packs.models import PackVersion

    assessed(case, {"caregiver": {f"psc_{n}": "2" for n in range(1, 18)}})
    older = PackVersion.objects.create(
        name=pack().name, version="older", content_hash="0" * 64, content=page_data.pack_json(),
        published_at=page_data.NOW,
    )  # fmt: skip
    Voice.objects.update(pack_version=older)
    assert "<b>Often</b>" in section(page_for(Role.SOCIAL_WORKER, place, case), "psychosocial")


@pytest.mark.parametrize("role", TEAM)
def test_in_every_domain_exactly_those_answers_are_shown_that_the_policy_allows(
    place: Place, case: Case, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every flag is up and rests on every question there is; what the page shows is compared with the policy."""
    from khula.analysis.reasons import Ground
    from khula.server.consent.access import HeldPost, Reader, can

    everything = [Ground(q.name, "answer", f"canary-{q.name};", "yes", q.informant) for q in pack().questions.values()]
    monkeypatch.setattr("khula.server.dashboard.views.child.why_for", lambda *_given: lambda _flag: everything)
    domains = {
        name: {**QUIET, "level": "high", "raised": [f.name for f in pack().flags.values() if f.domain == name],
               "said": {}}
        for name in pack().domains
    }  # fmt: skip
    page_data.assessment(case, {"domains": domains, "strengths": {}})
    page = page_for(role, place, case)
    reader = Reader(1, (HeldPost(role, place.school.pk, place.school_class.pk),))
    seen = 0
    for domain in pack().domains:
        shown = set(re.findall(r"canary-(\w+);", section(page, domain)))
        allowed = {
            q.name
            for q in pack().questions.values()
            if can(reader, "see answers", child=case.child, domain=domain, voice=q.informant, sensitivity=q.sensitivity)
        }
        assert shown in (allowed, set()), domain
        seen += len(shown)
    assert seen > 0


def test_nothing_restricted_or_sealed_is_printed(place: Place, case: Case) -> None:
    """What is marked `np` is hidden by the print styles; everything else goes on paper."""
    page_data.raise_alert(case, "a_c_touch")
    sad = {f"ces_{n}": "3" for n in (1, 2, 3, 4, 6, 7, 9, 10)} | {"ces_5": "0", "ces_8": "0"}
    worried = {f"psc_{n}": "2" for n in range(1, 18)}
    assessed(case, {"caregiver": sad | worried, "child": {"c_touch": "yes", "c_hurt": "yes"}})
    page = page_for(Role.SOCIAL_WORKER, place, case)
    paper = re.sub(r'<(section|div|p|li|details|span) class="?[\w -]*\bnp\b.*?</(section|div|p|details|span)>|'
                   r"<li class=np>[^<]*(?=<)", "", page, flags=re.DOTALL)  # fmt: skip
    for name in ("c_touch", "c_hurt", "ces_1"):
        label = pack().questions[name].label["en"].replace("'", "&#x27;")
        assert label in page
        assert label not in paper
    assert pack().alerts["a_c_touch"].say["en"] not in paper
    assert pack().questions["psc_1"].label["en"].replace("'", "&#x27;") in paper
    assert "Ask the social worker." in re.search(r'<p class="say po".*?</p>', section(page, "protection"))[0]
