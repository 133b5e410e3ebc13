"""A pack that was read in; what is wrong with its instruments, flags, strengths, domains and alerts, out.

Conditions have their own module; here are the cells beside them.
"""

from __future__ import annotations

from collections import Counter

from khula.analysis.packs.check.vocabulary import FLAG_LEVELS, URGENCIES, WORDING, check_roles, check_word
from khula.analysis.packs.findings import finding, nearest
from khula.analysis.packs.pack import Alert, Domain, Flag, Instrument, Pack, Strength
from khula.analysis.packs.reader import BESIDE, INFORMANTS, SAFETY, Reading
from khula.analysis.packs.sheets import Report

#: The one domain in which a child's own word may call for action at once.
CHILD_MAY_RAISE_HIGH = "protection"


def check_domains(reading: Reading, report: Report) -> None:
    pack = reading.pack
    for instrument in pack.instruments.values():
        _check_instrument(pack, instrument, report)
    for flag in pack.flags.values():
        _check_flag(pack, flag, report)
    for strength in pack.strengths.values():
        _check_domain_name(pack, strength, report)
        check_word(strength.informant, INFORMANTS, strength.place, "informant", report)
    for domain in pack.domains.values():
        _check_domain(pack, domain, report)
    for alert in pack.alerts.values():
        _check_alert(alert, report)


def _check_instrument(pack: Pack, instrument: Instrument, report: Report) -> None:
    place = instrument.place
    known = check_word(instrument.informant, (*INFORMANTS, *BESIDE), place, "informant", report)
    check_word(instrument.may_ship_wording, WORDING, place, "may_ship_wording", report)
    forms = {form.form_id: form for form in pack.forms}
    if not instrument.form:
        return
    if instrument.form not in forms:
        near = nearest(instrument.form, forms)
        report(finding("PACK_115", place, "form", name=instrument.form, near=near))
    elif known and forms[instrument.form].informant not in ("", instrument.informant):
        other = forms[instrument.form].informant
        report(finding("PACK_116", place, "informant", name=instrument.form, informant=instrument.informant,
                       other=other))  # fmt: skip


def _check_flag(pack: Pack, flag: Flag, report: Report) -> None:
    _check_domain_name(pack, flag, report)
    check_word(flag.informant, INFORMANTS, flag.place, "informant", report)
    level = check_word(flag.level, FLAG_LEVELS, flag.place, "level", report)
    if level and flag.informant == "child" and flag.level == "high" and flag.domain != CHILD_MAY_RAISE_HIGH:
        report(finding("PACK_300", flag.place, "level", domain=flag.domain))


def _check_domain_name(pack: Pack, row: Flag | Strength, report: Report) -> None:
    if not row.domain:
        report(finding("PACK_028", row.place, "domain", hint=", ".join(pack.domains)))
    elif row.domain not in pack.domains:
        near = nearest(row.domain, pack.domains)
        report(finding("PACK_112", row.place, "domain", name=row.domain, near=near))


def _check_domain(pack: Pack, domain: Domain, report: Report) -> None:
    known = {*pack.questions, *pack.derive, *pack.scales}
    for name, times in Counter(domain.needs).items():
        if name not in known:
            report(finding("PACK_110", domain.place, "needs", name=name, near=nearest(name, known)))
        elif times > 1:
            report(finding("PACK_307", domain.place, "needs", name=name))
    if not domain.needs:
        report(finding("PACK_028", domain.place, "needs"))
    elif domain.needs_at_least < 1:
        report(finding("PACK_303", domain.place, "needs_at_least", value=domain.needs_at_least))
    elif domain.needs_at_least > len(set(domain.needs)):
        report(finding("PACK_302", domain.place, "needs_at_least", value=domain.needs_at_least,
                       count=len(set(domain.needs))))  # fmt: skip
    if not any(flag.domain == domain.name and flag.level in ("medium", "high") for flag in pack.flags.values()):
        report(finding("PACK_301", domain.place, "domain", name=domain.name))


def _check_alert(alert: Alert, report: Report) -> None:
    check_word(alert.informant, (*INFORMANTS, SAFETY), alert.place, "informant", report, needed=False)
    check_word(alert.urgency, URGENCIES, alert.place, "urgency", report)
    if not alert.tell:
        report(finding("PACK_028", alert.place, "tell", hint="social worker, case manager"))
    check_roles(alert.tell, alert.place, "tell", report)
    check_roles(alert.hide_from, alert.place, "hide_from", report)
    for role in set(alert.tell) & set(alert.hide_from):
        report(finding("PACK_306", alert.place, "hide_from", value=role.replace("_", " ")))
