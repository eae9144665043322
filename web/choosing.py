"""Which values does a long facet have? All of them on a page of their own: filtered by their letters, by count or by alphabet. Pure.

The page is a form whose boxes go to the results like those beside them, so that choosing twenty of a thousand signatures
needs no script and no twenty page loads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from corpus.errors import BadRequest
from search.request import FacetCounts
from web import typography
from web.presenters import FacetValue, facet_values
from web.state import PARAMETERS, SearchState, facet_label
from web.wording import _

__all__ = ["ORDERS", "VALUES_A_PAGE", "Order", "ValuesView", "checked_order", "field_of", "present_values"]

Order = Literal["nombre", "alphabet"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
VALUES_A_PAGE: Final = 100
_FIELDS: Final = {parameter: field for field, parameter in PARAMETERS.items()}


@dataclass(frozen=True, slots=True)
class ValuesView:
    """One page of the values of a facet, and what its form must carry along."""

    label: str
    parameter: str
    values: tuple[FacetValue, ...]
    kept: tuple[tuple[str, str], ...]
    count: str
    number: int
    pages: int
    cut: str


def field_of(parameter: str) -> str | None:
    """Return the field of a facet named in an address; None when there is none of that name."""
    return _FIELDS.get(parameter)


def checked_order(name: str) -> Order:
    """Return the order asked, by count where none is. Raises: BadRequest."""
    for order in ORDERS:
        if name in (order, ""):
            return order
    raise BadRequest("ordre", name, _("nombre ou alphabet"))


def present_values(field: str, counts: FacetCounts, state: SearchState, order: Order, number: int) -> ValuesView:
    """Lay out page ``number`` of the values of a facet; those chosen on other pages are carried along unseen."""
    listed = {bucket.value for bucket in counts.buckets} | ({""} if counts.missing else set())
    values = [value for value in facet_values(field, counts, state) if value.value in listed]
    if order == "alphabet":
        values = sorted(values, key=lambda value: (not value.value, typography.collation(value.label)))
    shown = values[(number - 1) * VALUES_A_PAGE : number * VALUES_A_PAGE]
    boxes = {value.value for value in shown}
    parameter = PARAMETERS[field]
    return ValuesView(
        label=facet_label(field),
        parameter=parameter,
        values=tuple(shown),
        kept=tuple((name, value) for name, value in state.at_page(1).to_args() if not (name == parameter and value in boxes)),
        count=typography.plural(len(values), "%(count)s\u00a0valeur", "%(count)s\u00a0valeurs"),
        number=number,
        pages=max(1, -(-len(values) // VALUES_A_PAGE)),
        cut=typography.number(counts.other) if counts.other else "",
    )
