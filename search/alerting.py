"""How does one run of the saved searches go? Read, look, remember, tell; what could not be told is not remembered."""

from __future__ import annotations

import copy
from pathlib import Path

from corpus.errors import BadRequest, MarbreError
from search.alerts import News, look, read_alerts, remembering
from search.engines import Engine
from search.telling import messages, send

__all__ = ["tell"]


def tell(engine: Engine, file: Path, state: Path, by_mail: bool = False, base_url: str = "") -> list[News]:
    """Return the news of every search of a file, sent by mail where asked; nothing of it is news again.

    Raises: SourceUnreadable, BadRequest; then the next run finds the same news.
    """
    saved = read_alerts(file)
    if by_mail and saved.mail is None:
        raise BadRequest("mail", "no table", f"[mail] with host and from in {file}")
    with remembering(state) as (memory, write):
        before = copy.deepcopy(memory.searches)
        found = [look(engine, alert, memory) for alert in saved.alerts]
        letters = messages(found, saved.mail, base_url) if by_mail and saved.mail else []
        write()
        if letters and saved.mail:
            told = [news for news in found if news.count]
            try:
                taken = send(letters, saved.mail)
            except MarbreError:
                memory.searches = before
                write()
                raise
            for news in told[taken:]:  # the connection broke half-way: the rest is news the next time
                memory.searches[news.alert.name] = before.get(news.alert.name, {})
            if taken < len(told):
                write()
    return found
