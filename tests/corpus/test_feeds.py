"""Does a feed give its articles as text, with the day, the names and the address its source wrote, and nothing harmful?"""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Article
from corpus.readers import feeds
from corpus.readers.source import Reject, Source

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>L&#8217;Écho du fleuve</title><language>fr-SN</language>
{items}
</channel></rss>"""
ITEM = "<item><title>Un</title><description>{0}</description></item>"


def read(text: str | bytes, **defaults: str) -> tuple[list[Article], list[Reject]]:
    data = text if isinstance(text, bytes) else text.encode()
    items = list(feeds.read(Source("fil.xml", lambda: io.BytesIO(data), defaults)))
    return [item for item in items if isinstance(item, Article)], [item for item in items if isinstance(item, Reject)]


def test_an_rss_item_is_read_whole():
    (article,), rejects = read(
        RSS.format(
            items="""<item><title>Un &lt;b&gt;pont&lt;/b&gt; &amp; demi</title><link>https://e.example/a/1</link>
            <guid isPermaLink="false">a-1</guid><dc:creator>Awa Sow</dc:creator><category>Société</category>
            <pubDate>Thu, 09 Oct 2025 23:30:00 -0500</pubDate><source url="https://aps.example">APS</source>
            <description>Un chapeau à lui.</description>
            <content:encoded><![CDATA[<p>Le pont&nbsp;est fini.</p><script>alert(1)</script>
            <ul><li>un</li><li>deux</li></ul>]]></content:encoded></item>"""
        )
    )
    assert rejects == []
    assert (article.headline, article.newspaper, article.language) == ("Un pont & demi", "L’Écho du fleuve", "fr")
    assert article.body == "Le pont\xa0est fini.\n\nun\n\ndeux"
    assert (article.standfirst, article.section, article.bylines, article.credit) == ("Un chapeau à lui.", "Société", ("Awa Sow",), "APS")
    assert (article.published, article.doc_id, article.url) == ("2025-10-09", "a-1", "https://e.example/a/1")


def test_an_atom_entry_is_read_whole():
    (article,), rejects = read("""<feed xmlns="http://www.w3.org/2005/Atom"><title>Atomique</title><entry><title type="html">Un</title>
        <id>urn:uuid:1-2</id><link href="https://e.example/at"/><published>2025-10-09T23:30:00-05:00</published>
        <updated>2025-10-11T00:00:00Z</updated><author><name>A B</name></author><author><name>C D</name></author>
        <category term="eau"/><category term="fleuve"/><summary>Le corps […]</summary>
        <content type="html">&lt;p&gt;Le corps du texte&lt;/p&gt;</content></entry></feed>""")
    assert rejects == []
    assert (article.headline, article.body, article.standfirst) == ("Un", "Le corps du texte", "")
    assert (article.published, article.updated) == ("2025-10-09", "2025-10-11")
    assert (article.bylines, article.tags, article.section) == (("A B", "C D"), ("eau", "fleuve"), "")
    assert (article.doc_id, article.url) == ("urn:uuid:1-2", "https://e.example/at")


def test_an_rss_1_feed_in_declared_latin_1_is_read():
    text = """<?xml version="1.0" encoding="iso-8859-1"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Le Rédacteur</title></channel>
        <item><title>Été</title><link>https://e.example/r1</link><description>Là</description>
        <dc:date>2025-10-09T23:30:00-05:00</dc:date><dc:source>PANA</dc:source></item></rdf:RDF>"""
    (article,), _ = read(text.encode("latin-1"))
    assert (article.headline, article.newspaper, article.published, article.credit) == ("Été", "Le Rédacteur", "2025-10-09", "PANA")


def test_a_given_newspaper_and_language_stand_before_those_of_the_feed():
    (article,), _ = read(RSS.format(items=ITEM.format("x")), newspaper="Le Fleuve", language="wo")
    assert (article.newspaper, article.language) == ("Le Fleuve", "wo")


def test_several_categories_are_keywords_for_the_whole_feed():
    items = (
        "<item><title>Un</title><category>a</category></item><item><title>Deux</title><category>b</category><category>c</category></item>"
    )
    articles, _ = read(RSS.format(items=items))
    assert [(article.section, article.tags) for article in articles] == [("", ("a",)), ("", ("b", "c"))]


@pytest.mark.parametrize(
    ("guid", "link", "url", "own"),
    [
        pytest.param("https://e.example/1", "", "https://e.example/1", False, id="the guid is the address"),
        pytest.param("https://e.example/?p=1", "https://e.example/un", "https://e.example/un", False, id="both are addresses"),
        pytest.param("42", "https://e.example/un", "https://e.example/un", True, id="an id of its own"),
        pytest.param("42", "javascript:alert(1)", "", True, id="javascript"),
        pytest.param("42", "data:text/html,x", "", True, id="data"),
        pytest.param("42", "java\tscript:alert(1)", "", True, id="tab in the scheme"),
        pytest.param("42", "//e.example/x", "", True, id="no scheme"),
    ],
)
def test_only_web_addresses_are_links_and_no_address_is_an_id(guid, link, url, own):
    items = f'<item><title>Un</title><link>{link}</link><guid isPermaLink="false">{guid}</guid></item>'
    (article,), _ = read(RSS.format(items=items))
    assert (article.url, article.has_own_id) == (url, own)


@pytest.mark.parametrize(
    ("author", "bylines"),
    [
        ("redaction@journal.example (Modibo Keïta)", ("Modibo Keïta",)),
        ("Awa Sow &lt;awa@journal.example&gt;", ("Awa Sow",)),
        ("redaction@journal.example", ()),
        ("Awa Sow", ("Awa Sow",)),
    ],
)
def test_an_author_is_a_name_not_a_mail_address(author, bylines):
    (article,), _ = read(RSS.format(items=f"<item><title>Un</title><author>{author}</author></item>"))
    assert article.bylines == bylines


@pytest.mark.parametrize(
    "prolog",
    [
        pytest.param('<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>', id="file"),
        pytest.param('<!-- <rss --><?x y?><!DOCTYPE rss [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>', id="laughs after a comment"),
        pytest.param('<!doctype rss SYSTEM "http://e.example/x" [ ]>', id="small letters"),
        pytest.param('<!ENTITY x "y">', id="entity alone"),
    ],
)
def test_a_feed_that_declares_entities_is_refused_before_parsing(prolog):
    articles, rejects = read(f'<?xml version="1.0"?>{prolog}<rss version="2.0"><channel><item><title>&x;</title></item></channel></rss>')
    assert articles == []
    assert ["declares entities" in str(reject) for reject in rejects] == [True]


def test_a_public_document_type_without_entities_is_no_danger():
    text = RSS.format(items=ITEM.format("corps")).replace(
        "?>", '?><!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://e.example/d">', 1
    )
    assert len(read(text)[0]) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("<foo><item/></foo>", "neither an RSS nor an Atom feed", id="other XML"),
        pytest.param("Bonjour", "neither an RSS nor an Atom feed", id="text"),
        pytest.param('<rss version="2.0"><channel>' + "<a>" * 300, "nested deeper than 256", id="300 levels"),
        pytest.param('<rss version="2.0"><channel>' + "<a>" * 200_000, "nested deeper than 256", id="200,000 levels"),
    ],
)
def test_what_is_no_feed_is_one_reject(text, reason):
    articles, rejects = read(text)
    assert articles == []
    assert len(rejects) == 1 and reason in str(rejects[0])


def test_a_cut_feed_says_so():
    articles, rejects = read(RSS.format(items=ITEM.format("corps"))[:-30])
    assert len(articles) == 1
    assert [reject.origin.place for reject in rejects] == ["end"]


def test_an_empty_item_is_refused_with_its_rank_and_the_next_is_read():
    articles, rejects = read(RSS.format(items="<item></item>" + ITEM.format("corps")))
    assert [str(article.origin) for article in articles] == ["fil.xml, item 2"]
    assert [str(reject).split(":")[0] for reject in rejects] == ["fil.xml, item 1"]


def test_a_feed_over_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(feeds, "FEED_BYTES", 100)
    assert "a feed of more than" in str(read(RSS.format(items=""))[1][0])


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Texte &eacute;crit &amp; lu", "Texte écrit & lu"),
        ("a < b et c > d", "a < b et c > d"),
        ("<p>Un</p><p>Deux</p>", "Un\n\nDeux"),
        ("<div><div>Un<p>Deux</p>Trois</div></div>", "Un\n\nDeux\n\nTrois"),
        ("Un<br/>deux<br><br>trois", "Un\ndeux\n\ntrois"),
        ("Un <b>mot</b> gras, l’<i>autre</i>.", "Un mot gras, l’autre."),
        ("<style>p{}</style><script>x()</script><p onclick='x()'>Oui</p><!-- non -->", "Oui"),
        ("<p>sans fin <em>du tout", "sans fin du tout"),
        ("<img src=x onerror=alert(1)>Oui", "Oui"),
    ],
)
def test_html_becomes_paragraphs_of_text(markup, text):
    assert feeds.text_of_html(markup) == text


@pytest.mark.parametrize(
    "markup",
    ["<div>" * 100_000 + "fin", "<p " + "a=1 " * 100_000 + ">fin</p>", "<b>" * 50_000 + "fin"],
    ids=["depth", "attributes", "inline"],
)
def test_hostile_html_still_gives_its_text(markup):
    assert feeds.text_of_html(markup).endswith("fin")


@given(st.text(max_size=300))
def test_any_text_passes_as_html(markup):
    assert isinstance(feeds.text_of_html(markup), str)


@given(st.binary(max_size=200))
def test_any_bytes_in_a_feed_never_fail(data):
    read(b'<rss version="2.0"><channel><item><title>' + data)


@pytest.mark.parametrize(
    ("said", "kind"), [("brève", "brève"), ("Communiqué", "communiqué"), ("dépêche", "dépêche"), ("text/html", "article"), ("", "article")]
)
def test_the_kind_of_an_item_is_read_from_its_type(said, kind):
    (article,), _ = read(RSS.format(items=f"<item><title>Un</title><dc:type>{said}</dc:type></item>"))
    assert article.kind == kind


def test_an_agency_named_among_the_authors_is_the_credit():
    items = "<item><title>Un</title><dc:creator>Awa Sow</dc:creator><dc:creator>avec l’ASD</dc:creator></item>"
    (article,), _ = read(RSS.format(items=items))
    assert (article.bylines, article.credit) == (("Awa Sow",), "ASD")
