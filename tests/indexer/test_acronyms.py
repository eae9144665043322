"""What an acronym stands for is read off the text that introduces it; what has other initials is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.acronyms import acronym_key, find_introductions, initials_of
from indexer.mentions import acronym_terms, expansion_key, mentions_of, read_acronym_term

FOUND = [
    ("la Commission électorale nationale indépendante (CENI) a dit", "CENI", "Commission électorale nationale indépendante"),
    ("la Commission électorale nationale indépendante (C.E.N.I.) a dit", "CENI", "Commission électorale nationale indépendante"),
    ("la Commission électorale nationale indépendante (Ceni)", "Ceni", "Commission électorale nationale indépendante"),
    ("la Commission électorale nationale indépendante (« CENI »)", "CENI", "Commission électorale nationale indépendante"),
    ("la Commission électorale nationale indépendante (ou CENI)", "CENI", "Commission électorale nationale indépendante"),
    ("la Commission électorale nationale indépendante (CENI, à Bamako)", "CENI", "Commission électorale nationale indépendante"),
    (
        "BRTMTEH (Brigade de répression du trafic des migrants et de la traite des êtres humains)",
        "BRTMTEH",
        "Brigade de répression du trafic des migrants et de la traite des êtres humains",
    ),
    ("du Centre d’information et de gestion des migrations (Cigem)", "Cigem", "Centre d’information et de gestion des migrations"),
    ("la Politique nationale de migration (Ponam) et", "Ponam", "Politique nationale de migration"),
    ("les organisations non gouvernementales (ONGs)", "ONG", "organisations non gouvernementales"),
    (
        "Communauté économique des États de l’Afrique de l’Ouest (Cédéao)",
        "Cédéao",
        "Communauté économique des États de l’Afrique de l’Ouest",
    ),
    (
        "la Mission multidimensionnelle intégrée des Nations unies pour la stabilisation au Mali (MINUSMA)",
        "MINUSMA",
        "Mission multidimensionnelle intégrée des Nations unies pour la stabilisation au Mali",
    ),
    (
        "la direction générale de la concurrence, de la consommation et de la répression des fraudes (DGCCRF)",
        "DGCCRF",
        "direction générale de la concurrence, de la consommation et de la répression des fraudes",
    ),
    (
        "Institut national de la santé et de la recherche médicale (INSERM)",
        "INSERM",
        "Institut national de la santé et de la recherche médicale",
    ),
    ("l’Union européenne (UE)", "UE", "Union européenne"),
    ("l’UPU (Union postale universelle)", "UPU", "Union postale universelle"),
    ("la CADA(Commission d'accès aux documents administratifs)", "CADA", "Commission d'accès aux documents administratifs"),
    ("le crédit d’impôt pour la compétitivité et l’emploi, le CICE, est", "CICE", "crédit d’impôt pour la compétitivité et l’emploi"),
    ("l’ONF, l’Office national des forêts, gère", "ONF", "Office national des forêts"),
    (
        "la CNIL – Commission nationale de l’informatique et des libertés – a",
        "CNIL",
        "Commission nationale de l’informatique et des libertés",
    ),
    ("des plans de prévention des risques – PPR – sont", "PPR", "plans de prévention des risques"),
    (
        "la CNIL, la Commission nationale de l’informatique et des libertés a dit",
        "CNIL",
        "Commission nationale de l’informatique et des libertés",
    ),
    (
        "la loi portant nouvelle organisation territoriale de la République (NOTRe)",
        "NOTRe",
        "nouvelle organisation territoriale de la République",
    ),
    ("l’Institut national du cancer – INCa – publie", "INCa", "Institut national du cancer"),
    ("(Mutualité sociale agricole - MSA)", "MSA", "Mutualité sociale agricole"),
    ("les géants (GAFAM : Google, Apple, Facebook, Amazon et Microsoft)", "GAFAM", "Google, Apple, Facebook, Amazon et Microsoft"),
    ("ce journal (le DDJ pour Doctor Dobb’s Journal) écrit", "DDJ", "Doctor Dobb’s Journal"),
    ("la DRE — direction régionale des entreprises, de la concurrence — répond", "DRE", "direction régionale des entreprises"),
    ("une visite d’information et de prévention (Vip) a lieu", "Vip", "visite d’information et de prévention"),
    ("la Rif (recherche dans l’intérêt des familles)", "Rif", "recherche dans l’intérêt des familles"),
    (
        "le centre régional des œuvres universitaires et scolaires – CROUS – dispose",
        "CROUS",
        "centre régional des œuvres universitaires et scolaires",
    ),
    (
        "la TICPE, taxe intérieure de consommation sur les produits énergétiques, et",
        "TICPE",
        "taxe intérieure de consommation sur les produits énergétiques",
    ),
    ("les ZFU, ou zones franches urbaines, les", "ZFU", "zones franches urbaines"),
    ("la marque de boutisme (Byte-order-Mark, BOM) unicode", "BOM", "Byte-order-Mark"),
    ("le Technical Dutch Open Source Event (T-DOSE) à Eindhoven", "T-DOSE", "Technical Dutch Open Source Event"),
    ("le Massachusetts Museum of Contemporary Art (MassMoCA)", "MassMoCA", "Massachusetts Museum of Contemporary Art"),
    ("un document d’objectifs – DOCOB – Natura 2000", "DOCOB", "document d’objectifs"),
    (
        "de l’ARRCO – Association pour le régime de retraite complémentaire des salariés –, obtenue",
        "ARRCO",
        "Association pour le régime de retraite complémentaire des salariés",
    ),
    (
        "l’Institut national de l’environnement industriel et des risques (INERIS)",
        "INERIS",
        "Institut national de l’environnement industriel et des risques",
    ),
    ("Confisquer la cotisation sur la valeur ajoutée des entreprises (CVAE)", "CVAE", "cotisation sur la valeur ajoutée des entreprises"),
    ("le groupe EBRA (Est Bourgogne Rhône Alpes - ex-Groupe Est)", "EBRA", "Est Bourgogne Rhône Alpes"),
]
NOT_FOUND = [
    "les États-Unis d’Amérique (USA)",
    "le Groupe de soutien à l’islam et aux musulmans (JNIM)",
    "M. Jean Dupont (UMP)",
    "le ministre (RPR) et le maire (PS)",
    "l’OTAN, la France et l’Allemagne",
    "à Paris (France) et à Lyon (Rhône)",
    "La loi (LOI) passe",
    "un pays (Mali) voisin",
    "l’ISF, la baisse des droits",
    "(CENI)",
    "( )",
    "CENI (",
    "le trajet Paris - Lyon - ONU",
    "un accord UE - Mali",
    "(BCE : le taux monte)",
    "la distribution instable (Sid)",
    "la vallée d’inférieure pente (Val)",
    "le protocole http (HTTP) et le langage Lisp (Lisp)",
    "l’antivirus Clam (ClamAV)",
    "le numéro Siren et l’inscription au répertoire des entreprises (Sirene)",
    "l’OTAN, organisation que la France",
]


@pytest.mark.parametrize(("text", "acronym", "expansion"), FOUND, ids=[row[0][:60] for row in FOUND])
def test_a_text_introduces(text: str, acronym: str, expansion: str) -> None:
    assert [(one.acronym, one.expansion) for one in find_introductions(text)] == [(acronym, expansion)]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_a_text_introduces_nothing(text: str) -> None:
    assert find_introductions(text) == []


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from("la Commission ( ) CENI , – l’ Office ONF national des ( C.E. » « une".split(" ")), max_size=40).map(
        " ".join
    )
)
def test_no_text_raises_and_what_is_printed_stands_there(text: str) -> None:
    for one in find_introductions(text):
        assert 0 <= one.start < one.end <= len(text)
        assert initials_of(one.expansion)[:1] == acronym_key(one.acronym)[:1]


def test_spellings_of_an_acronym_and_numbers_of_an_expansion_are_one() -> None:
    assert acronym_key("C.E.N.I.") == acronym_key("Ceni") == acronym_key("CENI") == "ceni"
    assert expansion_key("établissements publics") == expansion_key("Établissement public")
    assert expansion_key("Commission nationale ivoirienne") != expansion_key("Commission nationale indépendante")


def test_a_pair_is_one_term_an_article_and_a_syllabic_one_is_led_to_by_its_initials() -> None:
    text = "La Politique nationale de migration (Ponam). La politique nationale de migration (PONAM)."
    terms = acronym_terms(text)
    assert terms == ("ponam\tPonam\tPolitique nationale de migration", "=pnm\tponam")
    assert read_acronym_term(terms[0]) == ("Ponam", "Politique nationale de migration")
    assert read_acronym_term(terms[1]) is None


def test_headline_standfirst_and_body_are_read() -> None:
    stored = {
        "doc_id": "a",
        "headline": "Office national des forêts (ONF)",
        "standfirst": "Union postale universelle (UPU)",
        "body": "Rien.",
    }
    assert len(mentions_of(stored).acronyms) == 2
