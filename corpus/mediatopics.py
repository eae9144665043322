"""What is this subject code of the press called in French? The seventeen top levels of the IPTC Media Topics.

Agencies code their subjects as ``medtop:11000000``, as an address, or with the older eight-figure Subject Codes, whose first
two figures are the same top levels. Lower levels of Media Topics (20000000 and above) say nothing of their parent, so they
are named only by the file that uses them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["TOP_LEVELS", "topic_name"]

# Source: IPTC NewsCodes, Media Topics, French labels of the top level (cv.iptc.org/newscodes/mediatopic, CC BY 4.0).
TOP_LEVELS: Final[Mapping[str, str]] = {
    "01": "Arts, culture, divertissement et médias",
    "02": "Criminalité, droit et justice",
    "03": "Désastres et accidents",
    "04": "Économie et finances",
    "05": "Éducation",
    "06": "Environnement",
    "07": "Santé",
    "08": "Gens, animaux, insolite",
    "09": "Social",
    "10": "Vie quotidienne et loisirs",
    "11": "Politique",
    "12": "Religion et croyance",
    "13": "Science et technologie",
    "14": "Société",
    "15": "Sport",
    "16": "Conflit, guerre et paix",
    "17": "Météo",
}
_CODE = re.compile(r"(?:.*[:/#])?(\d{2})(\d{6})")


def topic_name(code: str) -> str:
    """Return the French name of the top level of « medtop:11000000 », « subj:11006000 », « 15054000 »; "" for any other code."""
    found = _CODE.fullmatch(code.strip())
    return TOP_LEVELS.get(found[1], "") if found else ""
