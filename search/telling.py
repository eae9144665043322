"""How is news told? As text for a terminal, or as mail: one message a search, plain text, sent over SMTP.

A message names the search, lists each article with the passage that answers it and its address in the archive, and leads to the page
that shows exactly these articles: the same search, the days since which they were added.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final
from urllib.parse import quote, urlencode

from corpus.errors import BadRequest, SourceUnreadable
from search.alerts import Mail, News, NewsItem
from search.citations import source_address
from search.fields import find_field

__all__ = ["as_text", "messages", "send"]

TIMEOUT_S: Final = 20.0
MOST_SHOWN: Final = 50


def as_text(news: News, base_url: str = "") -> str:
    """Return the news of one search as text for people, in French."""
    return "\n".join([_title(news), "", *_body(news, base_url)])


def messages(found: Sequence[News], mail: Mail, base_url: str = "") -> list[EmailMessage]:
    """Return one message for each search that has news and somebody to tell.

    Raises: BadRequest for a search that nobody is told of.
    """
    return [_message(news, mail, base_url) for news in found if news.count]


def send(letters: Sequence[EmailMessage], mail: Mail) -> int:
    """Send the messages over one connection; return how many the server took before the first failure, which is raised when it is 0.

    Raises: SourceUnreadable when the server cannot be reached or refuses.
    """
    taken = 0
    try:
        with _connection(mail) as server:
            for letter in letters:
                server.send_message(letter)
                taken += 1
    except (OSError, smtplib.SMTPException) as error:
        if not taken:
            raise SourceUnreadable(f"mail server {mail.host}:{mail.port}: {' '.join(str(error).split())}; nothing was sent") from error
    return taken


def _connection(mail: Mail) -> smtplib.SMTP:
    if mail.tls:
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
    if mail.starttls:
        server.starttls(context=ssl.create_default_context())
    if mail.user:
        server.login(mail.user, os.environ.get(mail.password_env, ""))
    return server


def _message(news: News, mail: Mail, base_url: str) -> EmailMessage:
    to = news.alert.to or mail.to
    if not to:
        raise BadRequest(
            f"search “{news.alert.name}”, to", "nobody", 'addresses: to = ["redaction@example.org"] in the search or in [mail]'
        )
    message = EmailMessage()
    message["Subject"] = _title(news)
    message["From"] = mail.sender
    message["To"] = ", ".join(to)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_body(news, base_url)) + "\n", cte="quoted-printable")
    return message


def _title(news: News) -> str:
    return f"{news.alert.name} : {news.count} {'nouvel article' if news.count == 1 else 'nouveaux articles'}"


def _body(news: News, base_url: str) -> Iterator[str]:
    for item in news.items[:MOST_SHOWN]:
        yield from _item(item, news, base_url)
        yield ""
    if news.count > MOST_SHOWN:
        yield f"… et {news.count - min(MOST_SHOWN, len(news.items))} autres."
        yield ""
    if base_url:
        yield f"Ces articles dans l’archive : {_listing(news, base_url)}"


def _item(item: NewsItem, news: News, base_url: str) -> Iterator[str]:
    article = item.article
    yield article.shown_headline
    yield "  " + ", ".join(part for part in (article.newspaper, article.published or "sans date", ", ".join(article.bylines)) if part)
    if item.snippet.text:
        yield "  " + _shown(item.snippet.text, item.snippet.spans)
    query = urlencode({"q": news.alert.request.text}) if news.alert.request.text else ""
    address = f"{base_url.rstrip('/')}/article/{quote(article.doc_id, safe=':')}{'?' + query if query else ''}"
    yield "  " + (address if base_url else source_address(article) or article.doc_id)


def _shown(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Mark the words that answer as plain text can: *pêche*."""
    out, at = "", 0
    for start, end in spans:
        out += f"{text[at:start]}*{text[start:end]}*"
        at = end
    return out + text[at:]


def _listing(news: News, base_url: str) -> str:
    """Return the address of the search over the days on which these articles were added."""
    request = news.alert.request
    days = sorted(item.article.added for item in news.items if item.article.added)
    asked = f"({request.text}) ET " if request.text else ""
    args = [("q", f"{asked}ajout:{days[0]}..{days[-1]}" if days else request.text)]
    for condition in request.filters:
        row = find_field(condition.field)
        name = row.french if row else {"year": "annee", "month": "mois"}[condition.field]
        args += [("-" * condition.exclude + name, value) for value in condition.values]
    return f"{base_url.rstrip('/')}/recherche?{urlencode([*args, ('tri', 'ajout')])}"
