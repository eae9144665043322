"""Texts that a page must show and never run; every field of an article may hold one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corpus import Article

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'\"--></style></script><svg onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt; &amp;amp; &#x3c;i&#x3e;",
    "<math><mtext></p><style><img src onerror=alert(1)>",
)


def hostile_articles(payloads: Iterable[str]) -> Iterator[Article]:
    """Yield an article a payload, x0, x1, ...; the payload is the whole address of every second one."""
    for place, payload in enumerate(payloads):
        yield hostile_article(f"x{place}", payload, payload if place % 2 else f"https://x.example/{payload}")


def hostile_article(doc_id: str, payload: str, url: str) -> Article:
    """Return an article that says ``payload`` in every field."""
    return Article(
        doc_id=doc_id,
        newspaper=payload,
        section=payload,
        headline=f"hostile {payload}",
        standfirst=payload,
        body=f"hostile {payload}\n\n{payload}",
        published="2023-05-06",
        bylines=(payload,),
        credit=payload,
        tags=(payload,),
        places=(payload,),
        people=(payload,),
        organisations=(payload,),
        references=(payload,),
        url=url,
    )
