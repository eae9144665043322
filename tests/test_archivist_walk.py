"""Does the walk of docs/archivist.md still answer what the page says, word for word? Every command of it is run, in order, with its mistakes."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import marbre
from indexer.generations import open_snapshot

PAGE = Path(__file__).parent.parent / "docs" / "archivist.md"
MAPPING = """[[files]]
pattern = "essor/*"
journal = "L’Essor"
[[files]]
pattern = "sahel/*.csv"
journal = "Le Sahel"
date_format = "%m/%d/%Y"
[files.columns]
"Manchette" = "titre"
"Jour" = "date"
"""
TEXTS = (
    "Le conseil municipal a voté hier soir le budget de la ville et la rénovation du marché central, après de longs débats sur le prix du mil.",
    "Les pêcheurs de la rive gauche demandent un quai neuf, car le vieux ponton n’a pas résisté aux pluies du mois dernier.",
    "Une école de six classes ouvre lundi dans le quartier nord ; deux cents élèves étaient inscrits avant la fin de la semaine.",
    "La compagnie d’électricité annonce des coupures de nuit, le temps de remplacer un transformateur qui date de trente ans.",
    "Le club de football de la ville a battu son voisin par deux buts à un, devant un stade que personne ne voulait quitter.",
    "Un camion chargé de sacs de riz s’est renversé sur la route de l’est, sans faire de blessé mais en barrant la voie.",
    "La bibliothèque prête maintenant des livres en trois langues, et cherche des bénévoles pour lire aux enfants le mercredi.",
    "Les maraîchers craignent le retour des criquets, signalés à cent kilomètres au nord par des éleveurs en transhumance.",
    "Une troupe de théâtre venue de la capitale joue samedi une pièce sur les impôts, écrite par un ancien percepteur.",
    "Le pont suspendu rouvre aux piétons après neuf mois de travaux, les voitures devront encore attendre le printemps.",
    "La foire aux tissus réunit quarante ateliers, dont trois dirigés par des apprenties formées dans la région.",
    "Le médecin-chef de l’hôpital rappelle que la vaccination contre la rougeole reste gratuite tous les matins.",
    "Un concours de nouvelles est ouvert aux moins de vingt ans, le jury lira les textes jusqu’au dernier jour du mois.",
)
Mend = Callable[[Path], None]


@dataclass(frozen=True)
class Step:
    """One command of the page, and what stands under it."""

    command: str
    answer: tuple[str, ...]


def article(number: int, headline: str, day: str) -> str:
    """Return one line of a source."""
    return json.dumps({"id": f"essor-{number}", "titre": headline, "texte": TEXTS[number if number < 20 else number - 12], "date": day}, ensure_ascii=False)


def archive(folder: Path) -> None:
    """Write what the archivist has on the first day: two months of one newspaper, a table of another, one line cut off."""
    for name in ("essor", "sahel"):
        (folder / "presse" / name).mkdir(parents=True)
    october = [article(number, f"Nouvelles du {number} octobre", f"2025-10-{number:02}") for number in range(1, 9)]
    (folder / "presse/essor/2025-10.jsonl").write_text("\n".join(october) + "\n", encoding="utf-8")
    (folder / "presse/essor/2025-11.jsonl").write_text(
        "\n".join([article(21, "Le fleuve monte", "2025-11-31"), '{"id": "essor-22", "titre" "Le ma', article(23, "La foire", "2025-11-30")]) + "\n",
        encoding="utf-8",
    )
    (folder / "presse/sahel/2025.csv").write_text(
        f"Manchette,texte,Jour\nLe concours,{TEXTS[12].replace(',', ' ')},05/12/2025\nLa rougeole,Les matins sont gratuits pour tous les enfants du pays.,06/30/2025\n",
        encoding="utf-8",
    )


def _mend_line(folder: Path) -> None:
    path = folder / "presse/essor/2025-11.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join([lines[0], article(22, "Le marché rouvre", "2025-11-15"), *lines[2:]]), encoding="utf-8")
    (folder / "presse/marbre.toml").write_text(MAPPING.replace("journal", "jounal", 1), encoding="utf-8")


def _damage(folder: Path) -> None:
    snapshot = open_snapshot(folder / "index")
    paths = [snapshot.path(name) for segment in snapshot.manifest.segments for name in segment.files]
    (path,) = (one for one in paths if b"Le fleuve monte" in one.read_bytes())
    data = bytearray(path.read_bytes())
    data[data.index(b"Le fleuve monte")] ^= 1
    path.write_bytes(bytes(data))


BEFORE: dict[str, list[Mend]] = {  # what happens outside the command, before its n-th use
    "marbre index presse": [
        _mend_line,
        lambda folder: (folder / "presse/marbre.toml").write_text(MAPPING, encoding="utf-8") and None,
        lambda _folder: None,
        lambda folder: (folder / "presse/essor/2025-10.jsonl").rename(folder / "octobre.jsonl") and None,
    ],
    "marbre index presse --delete-missing": [
        lambda folder: (folder / "octobre.jsonl").rename(folder / "presse/essor/octobre-2025.jsonl") and None
    ],
    "marbre check": [_damage],
}


def steps(page: str) -> list[Step]:
    """Return the commands of the walk: the part of the page before what the archivist should know."""
    found: list[Step] = []
    for line in page.split("## What the archivist should know")[0].splitlines():
        if line.startswith("    $ "):
            found.append(Step(line[6:], ()))
        elif line.startswith("    ") and found and not found[-1].command.endswith("\0"):
            found[-1] = Step(found[-1].command, (*found[-1].answer, line[4:]))
        elif line and found:  # prose: what is indented below belongs to no command
            found.append(Step("\0", ()))
    return [step for step in found if step.command != "\0"]


def plain(text: str) -> str:
    """Return an answer without what differs from machine to machine."""
    text = re.sub(r"\(\d+\.\d s, \d+ articles?/s\)", "(1.0 s, 10 articles/s)", text)
    text = re.sub(r"\(\d+ ms\)", "(9 ms)", text)
    text = re.sub(r"MAIN_\w{16}\.", "MAIN_0123456789abcdef.", text)
    return re.sub(r"\(seen from [^)]*\)", "(seen from /home/awa/archive)", text)


def answer(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run a command of the page; return what it says, and its exit code when that is not 0."""
    name, *arguments = shlex.split(command)
    if name == "cat":
        return Path(arguments[0]).read_text(encoding="utf-8").splitlines()
    monkeypatch.setattr(sys, "argv", ["marbre", *arguments])
    with pytest.raises(SystemExit) as ended:
        marbre.main()
    said = capsys.readouterr()
    # where both are written, notes come first and what was not found last
    lines = [*said.err.splitlines(), *said.out.splitlines()] if "note:" in said.err else [*said.out.splitlines(), *said.err.splitlines()]
    return [line.rstrip().replace(str(Path.cwd()), "/home/awa/archive") for line in lines if line] + ([f"[exit {ended.value.code}]"] if ended.value.code else [])


def walk(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[tuple[Step, list[str]]]:
    """Take the walk in a new folder; return each step with what the program answered."""
    archive(folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MARBRE_INDEX", raising=False)
    waiting = {command: list(mends) for command, mends in BEFORE.items()}
    taken = []
    for step in steps(PAGE.read_text(encoding="utf-8")):
        if waiting.get(step.command):
            waiting[step.command].pop(0)(folder)
        taken.append((step, answer(step.command, capsys, monkeypatch)))
    assert not any(waiting.values()), "a command of the walk is gone from the page"
    return taken


def test_the_walk_of_the_archivist_answers_what_its_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = walk(tmp_path, capsys, monkeypatch)
    assert len(taken) > 25
    for step, said in taken:
        assert [plain(line) for line in said] == [plain(line) for line in step.answer if line], step.command
