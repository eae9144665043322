"""Text and Markdown files: headlines, signatures, and pages pasted with the teasers of other articles."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Article
from corpus.readers import texts
from corpus.readers.signature import Signature, named_credit, read_signature, split_page
from corpus.readers.source import Reject, Source

PAGES = Path(__file__).parent / "pages"


def read(data: str | bytes, name: str = "article.txt", **defaults: str) -> list[Article | Reject]:
    raw = data.encode() if isinstance(data, str) else data
    return list(texts.read(Source(name, lambda: io.BytesIO(raw), defaults)))


def articles(data: str | bytes, name: str = "article.txt", **defaults: str) -> list[Article]:
    found = read(data, name, **defaults)
    assert not [item for item in found if isinstance(item, Reject)]
    return [item for item in found if isinstance(item, Article)]


def one(data: str, name: str = "article.txt") -> Article:
    found = articles(data, name)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("name", "teasers", "headline", "published", "bylines", "credit", "last_words"),
    [
        ("dix-teasers", 10, "", None, ("La rédaction du Matin",), "Direction du livre", "a saluée à l’unanimité."),
        ("nom-lignes-blanches", 3, "Le fleuve rend la cloche de Saint-Elme", "2023-04-03", ("Marthe Quéméneur",), "", "n’a pas encore répondu."),
        ("sans-signature", 2, "", None, (), "", "les dettes de l’an passé."),
        ("entiere", 0, "", None, (), "", "à condition que quelqu’un décroche », dit-il."),
        ("dateline", 1, "Sahel : réouverture de la piste de Tin-Agarof", "2024-05-12", ("MK/AD",), "ASD", "avant la fin de l’année."),
        ("une-ligne-par-paragraphe", 0, "Port-Garnec inaugure son école de voile", None, ("Rédaction Ponant",), "Ville de Port-Garnec", "attestation de natation."),
        ("source-au-milieu", 0, "", None, (), "", "Le budget n’est pas voté."),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value and " " not in value else "",
)  # fmt: skip
def test_a_pasted_page_is_its_article_and_the_teasers_of_others(
    name: str, teasers: int, headline: str, published: str | None, bylines: tuple[str, ...], credit: str, last_words: str
) -> None:
    text = (PAGES / f"page-{name}.txt").read_text(encoding="utf-8")
    main, *others = articles(text)
    assert (main.headline, main.published, main.bylines, main.credit, main.kind) == (headline, published, bylines, credit, "article")
    assert main.body.endswith(last_words)
    assert len(others) == teasers
    lines = text.split("\n")
    for other in others:
        assert (other.kind, other.headline, other.bylines) == ("brève", "", ())
        assert other.body in lines, "as printed, the cut end included"
        assert other.body[:60] not in main.body


LONG = "Le conseil a examiné le projet de marché couvert et entendu les riverains, qui demandent des arbres, des bancs et de l’ombre"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"{LONG}.\n{LONG}, dit-on.\nSource : Mairie\n{LONG}, a…\n{LONG} au…", 3),
        (f"{LONG}.\n{LONG}, dit-on.\nSource : Mairie\n{LONG}, a rappelé hier le maire.\n{LONG}.", 1),
        (f"{LONG}.\nSource : Mairie\n{LONG} [...]", 2),
        (f"{LONG}.\n{LONG}…\n{LONG}…", 1),
    ],
    ids=["cut lines after a signature", "whole paragraphs after a source", "one sure cut", "no signature and no wraps"],
)
def test_on_a_page_without_wraps_only_cut_lines_after_a_signature_are_teasers(text: str, count: int) -> None:
    assert len(articles(text)) == count


def test_teasers_cut_at_one_length_are_known_without_a_signature() -> None:
    text = (PAGES / "page-dix-teasers.txt").read_text(encoding="utf-8").replace("Source : Direction du livre\nLa rédaction du Matin\n", "")
    assert len(articles(text)) == 11


def test_a_teaser_keeps_the_headline_above_it() -> None:
    text = (
        (PAGES / "page-dateline.txt").read_text(encoding="utf-8").replace("\nLes sapeurs", "\nDeux échelles pour la caserne\nLes sapeurs")
    )
    assert [article.headline for article in articles(text)][1:] == ["Deux échelles pour la caserne"]


def test_places_count_the_articles_of_a_page() -> None:
    found = articles((PAGES / "page-sans-signature.txt").read_text(encoding="utf-8"))
    assert [str(article.origin) for article in found] == ["article.txt, article 1", "article.txt, article 2", "article.txt, article 3"]
    assert [article.origin and article.origin.place for article in articles("Un texte.")] == [""]


def test_the_paragraphs_of_a_ragged_page_are_whole() -> None:
    main = articles((PAGES / "page-dix-teasers.txt").read_text(encoding="utf-8"))[0]
    assert [paragraph.split()[0] for paragraph in main.body.split("\n\n")] == ["La", "Une", "Interrogée", "Le"]
    assert main.newspaper == "Le Matin"


def test_a_source_in_the_middle_stays_in_the_text() -> None:
    assert (
        "\n\nSource : Observatoire provincial de la lecture\n\n"
        in one((PAGES / "page-source-au-milieu.txt").read_text(encoding="utf-8")).body
    )


@pytest.mark.parametrize(
    ("line", "signature"),
    [
        ("Source : MMEEIA", Signature(credit="MMEEIA")),
        ("(Source : communiqué de la mairie)", Signature(credit="communiqué de la mairie")),
        ("Rédaction Ponant", Signature(bylines=("Rédaction Ponant",))),
        ("La rédaction de L’Aube", Signature(bylines=("La rédaction de L’Aube",), newspaper="L’Aube")),
        ("Rédaction de Dakar", Signature(bylines=("Rédaction de Dakar",))),
        ("Par Awa Sow et Jean-Marc N’Diaye", Signature(bylines=("Awa Sow", "Jean-Marc N’Diaye"))),
        ("Propos recueillis par Léa Roy", Signature(bylines=("Léa Roy",))),
        ("De notre envoyée spéciale à Gao, Awa Sow", Signature(bylines=("Awa Sow",))),
        ("Awa SOW (AMAP)", Signature(bylines=("Awa SOW",), credit="AMAP")),
        ("Mossa Ag Attaher", Signature(bylines=("Mossa Ag Attaher",), sure=False)),
        ("A. T. M.", Signature(bylines=("A. T. M.",))),
        ("(AFP)", Signature(credit="AFP")),
        ("Avec l’AFP", Signature(credit="AFP")),
        ("AIB", Signature(credit="AIB")),
        ("La rédaction de cet article a pris deux jours.", None),
        ("Par ailleurs, le ministre a visité l’école", None),
        ("Le maire a signé.", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_signature_line_says_who_signed(line: str, signature: Signature | None) -> None:
    assert read_signature(line) == signature


@pytest.mark.parametrize(
    ("text", "credit"),
    [
        ("… a-t-il dit. (AFP)", "AFP"),
        ("C’est fini. (Avec AFP)", "AFP"),
        ("selon l’Organisation (ONU).", ""),
        ("C’est fini. – Reuters", "Reuters"),
        ("C’est fini. (avec l’AFP)", "AFP"),
        ("C’est fini. (Avec AFP et Reuters)", "AFP et Reuters"),
        ("C’est fini. (ATS/AFP)", "ATS/AFP"),
        ("C’est fini. (Belga avec AFP)", "Belga avec AFP"),
        ("C’est fini. (avec Keystone-ATS)", "Keystone-ATS"),
        ("C’est fini. (Panapress)", "Panapress"),
        *(
            (f"C’est fini. ({agency})", agency)
            for agency in ("APS", "MAP", "TAP", "PANA", "APA", "AIB", "ANP", "ADI", "La Presse canadienne")
        ),
        ("", ""),
        ("BAMAKO (AFP) — Le président a dit non.", "AFP"),
        ("Dakar, le 3 mars 2024 (ASD) - Le port ferme.", "ASD"),
        ("RABAT, 12 avr. /MAP/ - Le port ferme.", "MAP"),
        ("PORT-AU-PRINCE, Haïti (AP) – Un port ferme.", "AP"),
        ("(AFP/Belga) – Un port ferme.", "AFP/Belga"),
        ("AFP – Un port ferme.", "AFP"),
        ("Jean Roux (UMP) – Monsieur le président,", ""),
        ("Genève (ONU) – Le port ferme.", ""),
        ("AP-HP : le port ferme.", ""),
        ("Niamey (AFP) a été citée.", ""),
    ],
)
def test_the_agency_at_an_end_of_the_text_is_the_credit(text: str, credit: str) -> None:
    assert named_credit(text) == credit


@pytest.mark.parametrize(
    ("text", "headline", "start"),
    [
        ("Crue : l’école tient bon\n\nLa pluie a cessé.\n", "Crue : l’école tient bon", "La pluie"),
        ("Crue : l’école tient bon\nPar Awa Sow\n12 mai 2024\nLa pluie a cessé.", "Crue : l’école tient bon", "La pluie"),
        ("Qui paiera le pont ?\n\nLe conseil hésite.", "Qui paiera le pont ?", "Le conseil"),
        ("La pluie a cessé.\n\nLe maire respire.", "", "La pluie"),
        ("La pluie a cessé hier\nsur toute la vallée, et le maire respire.", "", "La pluie a cessé hier"),
        ("Un titre seul", "", "Un titre seul"),
    ],
    ids=["blank line", "byline and date", "question", "a sentence is none", "a wrapped line is none", "nothing under it"],
)  # fmt: skip
def test_a_headline_is_a_short_line_set_apart(text: str, headline: str, start: str) -> None:
    article = one(text)
    assert article.headline == headline
    assert article.body.startswith(start)


def test_the_lines_under_a_headline_fill_their_fields() -> None:
    article = one(
        "Crue : l’école tient bon\n\nRubrique : Société\nPar Awa Sow et Ali Ba | 12/05/2024\nMis à jour le 13 mai 2024 à 10 h\n\nLa pluie a cessé."
    )
    assert (article.section, article.bylines, article.published, article.updated) == (
        "Société",
        ("Awa Sow", "Ali Ba"),
        "2024-05-12",
        "2024-05-13",
    )
    assert article.body == "La pluie a cessé."


def test_front_matter_fills_fields_and_markup_goes() -> None:
    article = one(
        "---\ntitre: « Le pont »\nauteur: [Awa Sow, Ali Ba]\ndate: 2024-05-12\nmots-clés:\n  - crue\n  - pont\njournal: 'Le Matin'\nvisa: 12\n---\n"
        "Le **pont** de [Faraba](https://exemple.example/pont) a _cédé_.\n\n## La suite\n\n> « Il tiendra », disait-on.\n\n![vue](pont.jpg)\n- un\n- deux\n",
        "pont.md",
    )
    assert (article.headline, article.bylines, article.published) == ("« Le pont »", ("Awa Sow", "Ali Ba"), "2024-05-12")
    assert (article.tags, article.newspaper, article.extra) == (("crue", "pont"), "Le Matin", {"visa": "12"})
    assert article.body == "Le pont de Faraba a cédé.\n\nLa suite\n\n« Il tiendra », disait-on.\n\n- un\n- deux"


@pytest.mark.parametrize("text", ["# Le pont\n\nIl a cédé.", "Le pont\n=======\n\nIl a cédé."], ids=["hash", "underlined"])
def test_a_markdown_heading_is_the_headline(text: str) -> None:
    article = one(text, "pont.md")
    assert (article.headline, article.body) == ("Le pont", "Il a cédé.")


def test_front_matter_that_never_ends_is_text() -> None:
    assert one("---\ntitre: Le pont\n\nIl a cédé.").body.startswith("---")


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "an empty file"), (b"  \n", "an empty file"), (b"\x00\x01" * 50, "neither headline nor text"), (b"a" * 8_000_001, "more than 8 MB"), (b"a " * 1_500_000, "2000000")],
    ids=["empty", "blank", "no letter", "too large a file", "too long a text"],
)  # fmt: skip
def test_what_is_no_article_is_rejected_with_its_reason(data: bytes, reason: str) -> None:
    (reject,) = read(data)
    assert isinstance(reject, Reject)
    assert reason in reject.reason


def test_a_cp1252_text_is_read() -> None:
    assert articles("L’été à Évry : « déjà ».".encode("cp1252"))[0].body == "L’été à Évry : « déjà »."


def test_defaults_fill_the_newspaper() -> None:
    assert [article.newspaper for article in articles((PAGES / "page-sans-signature.txt").read_bytes(), newspaper="Le Matin")] == [
        "Le Matin"
    ] * 3


_LINES = st.lists(
    st.sampled_from(
        ["", "Source : AFP", "Awa Sow", "Rédaction Ponant", "Le maire a parlé.", "et puis il est", "À lire aussi", "la nuit…", "Une fin.." * 20, "Le vent " * 30 + "."]
    ),
    max_size=14,
)  # fmt: skip


@given(_LINES)
def test_splitting_a_page_loses_no_line(lines: Sequence[str]) -> None:
    page = split_page(list(lines))
    kept = [*page.lines, *(teaser.text for teaser in page.teasers), *(teaser.headline for teaser in page.teasers)]
    signed = [line for line in lines if read_signature(line)]
    for line in lines:
        assert not line or line.strip() in kept or line in signed or line == "À lire aussi"


@given(st.text(max_size=300))
def test_any_text_is_articles_or_rejects(text: str) -> None:
    assert read(text.encode("utf-8", "surrogatepass"))
