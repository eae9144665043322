"""Is what is called similar about the same thing?"""

from __future__ import annotations

from conftest import MakeEngine

from corpus import Article
from search import SearchRequest, search
from search.engines.local import LocalEngine
from search.similar import similar, telling_words

FISHING = "Les piroguiers dénoncent le chalutage. Le chalutage vide la baie de Bargane, disent les piroguiers."


def archive() -> list[Article]:
    about = [
        Article(doc_id="peche", newspaper="Le Rivage", headline="Le chalutage contesté", body=FISHING),
        Article(doc_id="peche-2", newspaper="L’Essor", body="À Bargane, un piroguier regarde les chalutages de la nuit et la baie vide."),
        Article(doc_id="repris", newspaper="La Lagune", headline="Repris", body=FISHING.replace(". ", ".  ")),
    ]
    return about + [Article(doc_id=f"autre-{n}", body=f"Le conseil municipal a voté la délibération {n} sur la voirie.") for n in range(9)]


def test_articles_on_one_subject_find_each_other_whatever_the_inflection(make_engine: MakeEngine) -> None:
    found = similar(make_engine(archive()), "peche")
    assert [one.doc_id for one in found.articles] == ["peche-2"]
    assert {"piroguiers", "chalutage"} <= set(found.words)


def test_the_same_text_elsewhere_is_a_reprint_and_the_article_itself_is_neither(make_engine: MakeEngine) -> None:
    found = similar(make_engine(archive()), "peche")
    assert [one.doc_id for one in found.reprints] == ["repris"]
    assert "peche" not in {one.doc_id for one in (*found.articles, *found.reprints)}


def test_an_unknown_or_lonely_article_has_nothing_similar(make_engine: MakeEngine) -> None:
    engine = make_engine([Article(doc_id="seul", body="Une phrase sans pareille."), Article(doc_id="autre", body="Tout diffère ici.")])
    assert similar(engine, "inconnu").articles == ()
    assert similar(engine, "seul").articles == ()


def test_telling_words_are_no_stop_words_numbers_or_glued_forms(make_engine: MakeEngine) -> None:
    text = "Les États-Unis de 2025 et le porte-parole d’aujourd’hui ont parlé."
    engine = make_engine([Article(doc_id=name, body=text + name) for name in ("a", "b")])
    article = engine.article("a")
    assert article is not None
    words = telling_words(article, engine)
    assert not {"les", "de", "et", "2025", "porteparole", "étatsunis"} & set(words)
    assert "parole" in words


def test_the_sample_archive_knows_what_goes_together(sample_engine: LocalEngine) -> None:
    found = similar(sample_engine, _find(sample_engine, "Thon sénégalais : accord pour cinq ans"))
    assert {"Le Messager de l’Ouest", "Le Rivage"} & {one.newspaper for one in found.articles}
    assert all(one.score > 0 for one in found.articles)


def _find(engine: LocalEngine, headline: str) -> str:
    return search(engine, SearchRequest(text=f'titre:"{headline}"', size=1)).hits[0].doc_id
