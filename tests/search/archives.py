"""Random small archives and random questions over one vocabulary: what do the generated tests feed to engine and scan alike?

The vocabulary is small, so that words meet, and hard: inflections, accents that distinguish words, elisions, hyphens, stop
words with a twin (maïs, sûr), acronyms, numbers, ligatures.
"""

from __future__ import annotations

import datetime as dt
import random

from hypothesis import strategies as st
from whoosh.query import And, Every, Not, NullQuery, Or, Query

from corpus import Article
from indexer.french import words_of_query
from search.nodes import (
    AtLeast,
    Compound,
    Days,
    Fuzzy,
    Identifier,
    Label,
    Near,
    Pattern,
    Phrase,
    SameParagraph,
    Word,
    conjunction,
    disjunction,
    in_field,
    negation,
)
from search.operands import word_of

VOCABULARY = """
migrant migrants migrante trafic trafics accord accords port ports porte portes pêche pêcher pêcheur pécher pêcheurs côte
coté côté cote maïs mais sûr sur dû du élève élevé élèves journal journaux cheval chevaux l’État d’État états l’école
qu’elle aujourd’hui N’Djamena vice-président vice-présidents porte-parole États-Unis Saint-Louis rendez-vous ONU O.N.U. l’ONU
20e XXe 300 2025 œuvre oeuvres cœur Mali Malien maliennes loi lois la le de est Est été naïf où
""".split()
NEWSPAPERS = ("L’Essor", "Le Sahel du matin", "La Dépêche du Ponant", "Wal Fadjri")
SECTIONS = ("Politique", "Économie", "politique", "Sport", "")
PEOPLE = ("Awa Sow", "Jean de La Fontaine", "Éléonore N’Diaye", "awa sow", "***")
ENDS = (" ", " ", " ", " ", ", ", ". ", " — ", "\n\n")
FIELDS = (None, None, None, "headline", "standfirst", "body")


def random_archive(seed: int, articles: int = 40, words: int = 9) -> list[Article]:
    """Return articles with texts of at most about ``words`` words; each call with one seed gives the same."""
    dice = random.Random(seed)
    return [random_article(dice, f"a{number}", words) for number in range(articles)]


def random_article(dice: random.Random, doc_id: str, words: int) -> Article:
    """Return one article of the vocabulary."""
    year, month, day = dice.randint(2019, 2025), dice.randint(1, 12), dice.randint(1, 28)
    published = dice.choice((None, f"{year}", f"{year}-{month:02d}", *[f"{year}-{month:02d}-{day:02d}"] * 5))
    return Article(
        doc_id=doc_id,
        headline=_text(dice, dice.choice((0, 3, 5)), paragraphs=False),
        standfirst=_text(dice, dice.choice((0, 0, 6)), paragraphs=False),
        body=_text(dice, dice.randint(1, words)),
        newspaper=(*NEWSPAPERS, "")[sum(map(ord, doc_id)) % 5],  # by the id: an id of another newspaper is another article
        section=dice.choice(SECTIONS),
        bylines=tuple(dice.sample(PEOPLE, dice.randint(0, 2))),
        people=tuple(dice.sample(PEOPLE, dice.randint(0, 3))),
        published=published,
        kind=dice.choice(("article", "brève", "dépêche")),
        language=("fr", "fr-ml", "en", "fr")[sum(map(ord, doc_id)) % 4],
        url=dice.choice(("", f"https://presse.example/{doc_id}?p=1,2")),
    )


def _text(dice: random.Random, words: int, *, paragraphs: bool = True) -> str:
    ends = ENDS if paragraphs else ENDS[:-1]
    return "".join(dice.choice(VOCABULARY) + dice.choice(ends) for _ in range(words)).strip(" ,—")


def words(field: str | None) -> st.SearchStrategy[Query]:
    """Words and compounds as the parser makes them of what was typed."""
    exact = st.booleans()
    return st.builds(lambda text, sure: word_of(words_of_query(text)[0], field, exact=sure), st.sampled_from(VOCABULARY), exact)


def phrases(field: str | None) -> st.SearchStrategy[Query]:
    """Phrases of two or three words, exact or by class."""

    def build(texts: list[str], exact: bool) -> Query:
        return Phrase(tuple(Word(token.surface, field, exact) for text in texts for token in words_of_query(text)[0].tokens), field, exact)

    return st.builds(build, st.lists(st.sampled_from(VOCABULARY), min_size=2, max_size=3), st.booleans())


def patterns(field: str | None) -> st.SearchStrategy[Query]:
    """Prefixes, endings, single letters; words nearly right."""
    globs = st.sampled_from(("p*", "*s", "p?rt*", "m?is", "*port*", "ecole?", "c*e", "vice*", "n*djamena", "2*", "etat*", "?c?te", "zz*"))
    return st.builds(Pattern, globs, st.just(field)) | st.builds(
        Fuzzy, st.sampled_from(("migrent", "pechuer", "cheveau", "aujourdhui", "loi", "acord", "zzz")), st.integers(1, 2), st.just(field)
    )


def positional(field: str | None) -> st.SearchStrategy[Query]:
    """What may be an operand of closeness."""
    simple = words(field) | phrases(field) | patterns(field)
    return simple | st.lists(simple, min_size=2, max_size=3).map(disjunction)


def near(field: str | None) -> st.SearchStrategy[Query]:
    """Closeness of two operands, and the same paragraph."""
    operands = positional(field).map(lambda operand: in_field(operand, field))
    return st.builds(Near, operands, operands, st.integers(0, 6), st.booleans(), st.just(field)) | st.builds(
        SameParagraph, operands, operands, st.just(field)
    )


def counted(field: str | None) -> st.SearchStrategy[Query]:
    """Words and phrases found several times."""
    countable = (words(field) | phrases(field)).filter(lambda node: isinstance(node, Word | Phrase | Compound))
    return st.builds(AtLeast, countable, st.integers(2, 3))


def conditions() -> st.SearchStrategy[Query]:
    """Labels, days, identifiers: what selects and never scores."""
    days = st.dates(dt.date(2018, 1, 1), dt.date(2026, 12, 31)) | st.none()
    return (
        st.builds(
            Label,
            st.sampled_from(("newspaper", "bylines", "people", "section", "kind")),
            st.sampled_from(("essor", "le sahel", "La DÉPÊCHE", "sow", "n'diaye jean", "politique", "breve", "***", "fontaine")),
        )
        | st.builds(Days, st.just("published"), days, days)
        | st.builds(Identifier, st.just("doc_id"), st.sampled_from(("a0", "a7", "A7", "zz")))
        | st.builds(
            Identifier, st.just("url"), st.sampled_from(("https://presse.example/a3?p=1,2", "https://presse.example/a4?p=1,2", "zz"))
        )
    )


TEXT_NODES = st.sampled_from(FIELDS).flatmap(lambda field: words(field) | phrases(field) | patterns(field) | near(field) | counted(field))
LEAVES = TEXT_NODES | st.sampled_from(FIELDS).flatmap(words) | conditions() | st.just(Every()) | st.just(NullQuery)


def conditions_on_kept_values() -> st.SearchStrategy[Query]:
    """Labels asked as a whole, and the days of correction and entry: what an archive must keep to answer."""
    days = st.dates(dt.date(2018, 1, 1), dt.date(2027, 12, 31)) | st.none()
    values = st.sampled_from((*NEWSPAPERS, *SECTIONS, *PEOPLE, "l'essor", "ÉCONOMIE", "sahel du matin", "dépêche", "***"))
    return st.builds(Label, st.sampled_from(("newspaper", "bylines", "people", "section", "kind")), values, st.just(True)) | st.builds(
        Days, st.sampled_from(("updated", "added")), days, days
    )


def questions(more: st.SearchStrategy[Query] | None = None) -> st.SearchStrategy[Query]:
    """Trees of every node, in the normal form of the parser and out of it; ``more`` are leaves besides the usual ones."""
    return st.recursive(
        LEAVES if more is None else LEAVES | more,
        lambda child: (
            st.lists(child, min_size=2, max_size=3).map(conjunction)
            | st.lists(child, min_size=2, max_size=3).map(disjunction)
            | child.map(negation)
            | child.map(Not)
            | st.lists(child, min_size=1, max_size=3).map(And)
            | st.lists(child, min_size=1, max_size=3).map(Or)
        ),
        max_leaves=6,
    )
