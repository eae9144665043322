"""Does a date mean the day its source wrote, and nothing when no day is certain?"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dates import complete_day, day_in_full, day_of_name, find_day, first_day, iso_day, last_day

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
SHORT = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = st.dates(dt.date(1600, 1, 1), dt.date(2100, 12, 31))

LAYOUTS = {
    "in full": lambda d: day_in_full(d.isoformat()),
    "in full without accents": lambda d: f"{d.day} {MONTHS[d.month - 1].replace('é', 'e').replace('û', 'u')} {d.year}",
    "in capitals": lambda d: f"LE {d.day} {MONTHS[d.month - 1].upper()} {d.year}",
    "abbreviated": lambda d: f"{d.day} {SHORT[d.month - 1]} {d.year}",
    "no-break spaces": lambda d: f"{d.day}\xa0{MONTHS[d.month - 1]}\u202f{d.year}",
    "dateline": lambda d: f"(Dakar, {d.day} {MONTHS[d.month - 1]} {d.year})",
    "published at": lambda d: f"Publié le {d.day} {MONTHS[d.month - 1]} {d.year} à 10h30",
    "ISO": lambda d: d.isoformat(),
    "ISO with time and zone": lambda d: f"{d.isoformat()}T23:30:00-05:00",
    "ISO with zone": lambda d: f"{d.isoformat()}+02:00",
    "ISO with a space": lambda d: f"{d.isoformat()} 23:30",
    "year first, slashes": lambda d: d.strftime("%Y/%m/%d"),
    "day first, slashes": lambda d: d.strftime("%d/%m/%Y"),
    "day first, points": lambda d: f"{d.day}.{d.month}.{d.year}",
    "day first, hyphens": lambda d: d.strftime("%d-%m-%Y"),
    "eight figures": lambda d: d.strftime("%Y%m%d"),
    "basic ISO with time": lambda d: d.strftime("%Y%m%dT233000Z"),
    "RFC 822": lambda d: f"Thu, {d.day:02d} {ENGLISH[d.month - 1]} {d.year} 23:30:00 -0500",
    "English, month first": lambda d: f"{ENGLISH[d.month - 1]} {d.day}, {d.year}",
    "asctime": lambda d: f"Thu {ENGLISH[d.month - 1]} {d.day:2d} 23:30:00 {d.year}",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@given(day=DAYS)
def test_a_day_written_in_any_layout_is_read_back(layout, day):
    assert iso_day(LAYOUTS[layout](day)) == day.isoformat()


@given(day=DAYS)
def test_month_and_year_keep_their_precision(day):
    month = day.isoformat()[:7]
    assert iso_day(day_in_full(month)) == iso_day(month) == month
    assert iso_day(f"en {day.year}") == iso_day(str(day.year)) == str(day.year)


@given(st.one_of(st.text(max_size=60), st.text(alphabet="0123456789-/. :TZamjoûté,()", max_size=30)))
def test_reading_a_date_twice_is_reading_it_once_and_never_fails(text):
    day = iso_day(text)
    assert day is None or iso_day(day) == day
    find_day(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("jeudi 9 octobre 2025", "2025-10-09"),
        ("14 sept. 2026", "2026-09-14"),
        ("1er août 2024", "2024-08-01"),
        ("1ᵉʳ août 2024", "2024-08-01"),
        ("premier mai 2020", "2020-05-01"),
        ("(Dakar, 12 mai 2020)", "2020-05-12"),
        ("Bamako, le 9 octobre 2025 (APS)", "2025-10-09"),
        ("9-oct-2025", "2025-10-09"),
        ("Octobre 2025", "2025-10"),
        ("10/2025", "2025-10"),
        ("Thu, 09 Oct 2025 23:30:00 -0500", "2025-10-09"),
        ("Thu, 09 Oct 97 10:00:00 GMT", "1997-10-09"),
        ("20251009233000", "2025-10-09"),
        ("2025-1-9", "2025-01-09"),
    ],
)
def test_dates_as_sources_write_them(text, day):
    assert iso_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hier",
        "31 février 2025",
        "2025-02-29",
        "2025-13-01",
        "2025-10-00",
        "10/13/2025",  # the American order is not guessed
        "09/10/25",
        "12 jui 2020",  # juin or juillet
        "1599",
        "9999-01-01",
        "12 octobre 20255",
        "2025-10-09/2025-10-12",
        "du 9 au 12 octobre 2025",
        "mars-avril 2025",
        "2025-W41",
        "1760000000",
        "192.168.10.2025",
        "x" * 5000 + " 9 octobre 2025",
    ],
)
def test_what_is_impossible_or_uncertain_is_no_date(text):
    assert iso_day(text) is None


def test_the_first_full_date_of_a_text_that_exists_is_found():
    text = "Créé par la loi de 2012, réuni le 31 février 2025, puis (Dakar, 1er août\xa02024) et le 9 octobre 2025."
    assert find_day(text) == "2024-08-01"


@pytest.mark.parametrize("text", ["en octobre 2025", "le 9 octobre", "loi 2012-023 du 5 000 habitants", "112 mai 2020"])
def test_a_text_without_a_full_date_has_none(text):
    assert find_day(text) is None


@pytest.mark.parametrize(
    ("iso", "written"),
    [("2025-10-09", "jeudi 9 octobre 2025"), ("2024-08-01", "jeudi 1er août 2024"), ("2025-10", "octobre 2025"), ("2025", "2025")],
)
def test_a_day_is_written_in_french(iso, written):
    assert day_in_full(iso) == written


@given(day=DAYS)
def test_first_and_last_day_bound_the_period(day):
    iso = day.isoformat()
    assert first_day(iso) == last_day(iso) == day
    for period in (iso[:7], iso[:4]):
        assert first_day(period) <= day <= last_day(period)
        assert (last_day(period) + dt.timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("text", "near", "day"),
    [
        ("jeudi 9 octobre", "2025-10-10", "2025-10-09"),
        ("jeudi 9 octobre", "2026-03-01", "2025-10-09"),
        ("Jeudi 9 octobre", "2029-06-30", "2025-10-09"),
        ("vendredi 9 octobre", "2025-10-10", None),
        ("mercredi 9 octobre", "2025-10-10", "2024-10-09"),
        ("(Dakar, 12 mai)", "2025-05-13", "2025-05-12"),
        ("Publié le 31 décembre", "2026-01-02", "2025-12-31"),
        ("lundi 1er janvier", "2025-12-30", "2024-01-01"),
        ("2 janvier", "2025-12-30", "2026-01-02"),
        ("12 mai", "2025-11-01", None),
        ("12 mai", "2025", None),
        ("12 mai", "", None),
        ("jeudi 30 février", "2025-10-10", None),
        ("dimanche 29 février", "2025-10-10", None),
        ("09/10", "2025-10-10", None),
        ("au mois de mai", "2025-05-13", None),
    ],
    ids=lambda value: str(value),
)
def test_a_date_without_a_year_is_completed_only_when_one_year_is_left(text: str, near: str, day: str | None) -> None:
    assert complete_day(text, near) == day


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("presse/2025/10/09.txt", "2025-10-09"),
        ("essor-20251009.txt", "2025-10-09"),
        ("2024-01-01/essor_2025-10-09_p3.txt", "2025-10-09"),
        ("essor-20251309.txt", ""),
        ("tel-20251009123.txt", ""),
        ("presse/essor.txt", ""),
    ],
)
def test_the_day_in_the_name_of_a_file(name: str, day: str) -> None:
    assert day_of_name(name) == day
