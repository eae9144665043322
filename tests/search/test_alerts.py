"""Saved searches: what is new is told once, by whatever way, also when telling fails."""

from __future__ import annotations

import email
import json
import socket
from collections.abc import Iterator
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from click.testing import CliRunner, Result

from corpus import Article
from corpus.errors import BadRequest, SourceUnreadable
from indexer import build_index
from marbre import cli
from search import open_engine, search
from search.alerting import tell
from search.alerts import read_alerts, remembering
from web.state import SearchState

SEARCHES = """
[[search]]
name = "Pêche"
query = "accord de pêche"
to = ["redaction@example.org"]

[[search]]
name = "Port"
query = "port"
filters = { journal = ["L’Essor"] }
"""


def article(
    doc_id: str, added: str = "2026-01-05", newspaper: str = "L’Essor", text: str = "L’accord de pêche est signé au port."
) -> Article:
    return Article(doc_id=doc_id, newspaper=newspaper, headline=f"Titre {doc_id}", body=text, published="2020-02-03", added=added)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "alertes.toml").write_text(SEARCHES, encoding="utf-8")
    build_index([article("un"), article("deux", newspaper="Autre")], tmp_path / "index")
    return tmp_path


def run(place: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["alert", str(place / "alertes.toml"), "--index", str(place / "index"), *options])


def told(place: Path) -> dict[str, list[str]]:
    done = run(place, "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.output)
    assert all(row["new"] == len(row["hits"]) for row in rows)
    return {row["name"]: [hit["doc_id"] for hit in row["hits"]] for row in rows}


def test_each_article_is_told_once(place: Path) -> None:
    assert told(place) == {"Pêche": ["deux", "un"], "Port": ["un"]}
    assert told(place) == {"Pêche": [], "Port": []}
    build_index([article("trois")], place / "index")  # on the very day that was looked at
    build_index([article("quatre", added="2026-02-01"), article("autre", text="Rien.")], place / "index")
    assert told(place) == {"Pêche": ["quatre", "trois"], "Port": ["quatre", "trois"]}
    assert told(place) == {"Pêche": [], "Port": []}


def test_a_corrected_article_and_a_rebuild_that_dates_everything_anew_are_no_news(place: Path) -> None:
    told(place)
    build_index([article("un", text="L’accord de pêche est signé au port, enfin.")], place / "index")
    assert told(place) == {"Pêche": [], "Port": []}
    again = [article("un", "2026-03-01"), article("deux", "2026-03-01", newspaper="Autre"), article("six", "2026-03-01")]
    build_index(again, place / "index", rebuild=True)
    assert told(place) == {"Pêche": ["six"], "Port": ["six"]}


def test_the_text_shows_why_and_leads_to_exactly_these_articles(place: Path) -> None:
    done = run(place, "--base-url", "https://archives.example.org/presse/")
    lines = done.output.splitlines()
    assert lines[0] == "Pêche : 2 nouveaux articles"
    assert "  L’*accord* de *pêche* est signé au port." in lines
    assert "  https://archives.example.org/presse/article/deux?q=accord+de+p%C3%AAche" in lines
    (first, _) = [line.partition("archive : ")[2] for line in lines if line.startswith("Ces articles")]
    assert first.startswith("https://archives.example.org/presse/recherche?q=")
    with open_engine(place / "index") as engine:
        state = SearchState.from_args(parse_qsl(urlsplit(first).query))
        assert [hit.doc_id for hit in search(engine, state.request()).hits] == ["deux", "un"]
    assert run(place).output == ""


class Box:
    """A mail server that keeps what it gets, or refuses it."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.receivers: list[list[str]] = []
        self.refuse_from = 10**9

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if len(self.letters) >= self.refuse_from:
            return "451 Come back later"
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        self.receivers.append(envelope.rcpt_tos)
        return "250 Taken"


@pytest.fixture
def box(place: Path) -> Iterator[Box]:
    box = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    mail = f'\n[mail]\nhost = "127.0.0.1"\nport = {port}\nfrom = "marbre@example.org"\nto = ["tous@example.org"]\n'
    (place / "alertes.toml").write_text(SEARCHES + mail, encoding="utf-8")
    yield box
    controller.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
def test_mail_is_one_message_a_search_and_never_twice_the_same(place: Path, box: Box) -> None:
    assert run(place, "--mail").output == ""
    assert [letter["Subject"] for letter in box.letters] == ["Pêche : 2 nouveaux articles", "Port : 1 nouvel article"]
    assert box.receivers == [["redaction@example.org"], ["tous@example.org"]]
    assert box.letters[0]["From"] == "marbre@example.org"
    text = box.letters[0].get_payload(decode=True).decode("utf-8")  # type: ignore[union-attr]
    assert "Titre deux" in text and "*accord* de *pêche*" in text
    assert run(place, "--mail").exit_code == 0
    assert len(box.letters) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
def test_what_the_server_refused_is_told_the_next_time_and_only_that(place: Path, box: Box) -> None:
    box.refuse_from = 1
    assert run(place, "--mail").exit_code == 0
    box.refuse_from = 10**9
    assert run(place, "--mail").exit_code == 0
    assert [letter["Subject"] for letter in box.letters] == ["Pêche : 2 nouveaux articles", "Port : 1 nouvel article"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
def test_a_server_that_is_not_there_loses_nothing(place: Path, box: Box) -> None:
    broken = place / "alertes.toml"
    text = broken.read_text(encoding="utf-8")
    broken.write_text(text.replace("port = ", "port = 1 #"), encoding="utf-8")
    failed = run(place, "--mail")
    assert isinstance(failed.exception, SourceUnreadable)
    assert "nothing was sent" in str(failed.exception)
    broken.write_text(text, encoding="utf-8")
    assert run(place, "--mail").exit_code == 0
    assert len(box.letters) == 2


def test_what_is_told_is_written_down_before_it_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "alertes.toml").write_text(SEARCHES + '[mail]\nfrom = "m@example.org"\nto = ["t@example.org"]', encoding="utf-8")

    def crash(*_: object) -> int:
        raise KeyboardInterrupt  # the machine stops while the mail is on its way

    monkeypatch.setattr("search.alerting.send", crash)
    with open_engine(place / "index") as engine, pytest.raises(KeyboardInterrupt):
        tell(engine, place / "alertes.toml", place / "alertes.state.json", by_mail=True)
    assert told(place) == {"Pêche": [], "Port": []}


def test_two_runs_at_once_are_one(place: Path) -> None:
    with (
        remembering(place / "alertes.state.json"),
        pytest.raises(SourceUnreadable, match="another"),
        remembering(place / "alertes.state.json"),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1 to 1000 entries"),
        ("[[search]]\nquery = 3", "text"),
        ('[[search]]\nquerry = "x"', "querry"),
        ('[[search]]\nname = "x"', "neither query nor filters"),
        ('[[search]]\nquery = "x"\nfilters = { couleur = ["rouge"] }', "couleur"),
        ('[[search]]\nquery = "x"\nmatch = "some"', "auto, all or any"),
        ('[[search]]\nquery = "x"\n[[search]]\nquery = "x"', "a different name"),
        ('[[search]]\nquery = "x"\n[mail]\nfrom = "nobody"', "an address like"),
        ('[[search]]\nquery = "x"\n[post]\nhost = "x"', "only [[search]] and [mail]"),
        ("[[search", "not TOML"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "alertes.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises((BadRequest, SourceUnreadable)) as refused:
        read_alerts(file)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_memory_that_is_not_ours_is_refused(place: Path) -> None:
    for text in ("{", "[]", '{"version": 9, "searches": {}}'):
        (place / "alertes.state.json").write_text(text)
        assert isinstance(run(place).exception, SourceUnreadable)


def test_a_link_planted_where_the_memory_is_written_is_not_followed(place: Path) -> None:
    victim = place / "victim"
    victim.write_text("untouched")
    (place / "alertes.state.json.new").symlink_to(victim)
    assert isinstance(run(place).exception, SourceUnreadable)
    assert victim.read_text() == "untouched"
