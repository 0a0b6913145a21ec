"""Elements of a page that no reader sees: a favourite place for words that are meant for a model alone."""

import re
from collections.abc import Mapping

_HIDING = re.compile(
    r"(?:^|[;\s])(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}(?:hidden|collapse)"
    r"|opacity\s{0,9}:\s{0,9}0(?:\.0{1,9})?(?![\d.])|font-size\s{0,9}:\s{0,9}0(?:\.0{1,9})?(?:px|pt|em|rem|%)?(?![\w.])"
    r"|(?:text-indent|left|top|margin-left|margin-top)\s{0,9}:\s{0,9}-\d{4,9}"
    r"|clip(?:-path)?\s{0,9}:\s{0,9}(?:rect\(0|inset\((?:50|100)%)|color\s{0,9}:\s{0,9}transparent)",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"(?:^|;)\s{0,9}(color|background(?:-color)?)\s{0,9}:\s{0,9}([#\w(),.% ]{1,40})", re.IGNORECASE)
_NAMES = {"white": "#ffffff", "black": "#000000", "#fff": "#ffffff", "#000": "#000000"}


def is_hidden(attributes: Mapping[str, str]) -> bool:
    """Whether an element's own attributes hide it. What a style sheet or a script hides is not known."""
    if "hidden" in attributes or attributes.get("type", "").lower() == "hidden":
        return True
    style = attributes.get("style", "")
    return bool(style) and (_HIDING.search(style) is not None or _same_colours(style))


def _same_colours(style: str) -> bool:
    colours = {name.lower()[:5]: _plain(value) for name, value in _COLOUR.findall(style)}
    return len(colours) == 2 and len(set(colours.values())) == 1


def _plain(colour: str) -> str:
    name = colour.strip().lower().replace(" ", "")
    return _NAMES.get(name, name)
