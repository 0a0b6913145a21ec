"""Text of models and tools made safe to show: nothing in it loads, links or drives a terminal by itself.

An image or a link is a way out for data, since showing a page requests what it names. So Markdown's images and links, raw
HTML and addresses are written out as text, in a form that no renderer turns back into one.
"""

import re

_DESTINATION = r"\(\s{0,9}<?([^\s()<>]{0,500}(?:\([^\s()]{0,100}\)[^\s()<>]{0,100})?)>?(?:\s[^)]{0,200})?\)"
_IMAGE = re.compile(r"!\[([^\]\n]{0,200})\](?:" + _DESTINATION + r"|\[([^\]\n]{0,200})\])?")
_LINK = re.compile(r"\[([^\]\n]{0,200})\]" + _DESTINATION)
_REFERENCE = re.compile(r"^([ ]{0,3})\[([^\]\n]{1,200})\]:", re.MULTILINE)
_AUTOLINK = re.compile(r"<((?:[a-z][a-z0-9+.-]{1,30}:|[^\s<>@]{1,200}@)[^\s<>]{0,2000})>", re.IGNORECASE)
_TAG = re.compile(r"<(?=[!/?a-zA-Z])")
_SCHEME = re.compile(r"\b(https?|ftps?)://|\b(javascript|data|vbscript|file):(?=\S)", re.IGNORECASE)
_WWW = re.compile(r"\bwww\.(?=\w)", re.IGNORECASE)

# All control characters but newline and tab, the marks that reorder text, and lone surrogates.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def terminal_text(text: str) -> str:
    """``text`` with control characters and marks that reorder text written out (``\\x1b``, ``\\u202e``)."""
    return UNSAFE.sub(lambda found: _written_out(found[0]), text.replace("\r\n", "\n"))


def safe_markdown(text: str) -> str:
    """Markdown in which images and links are words: ``[image: alt, hxxps://host/...]``, ``words (hxxps://host/...)``.

    Addresses are written with ``hxxp``, so that nothing makes a link of them; all other formatting stays.
    """
    text = terminal_text(text)
    text = _IMAGE.sub(lambda m: f"(image: {', '.join(filter(None, (m[1], m[2] or m[3])))})", text)
    text = _LINK.sub(lambda m: f"{m[1]} ({m[2]})" if m[2] else m[1], text)
    text = _REFERENCE.sub(r"\1\2 -", text)
    text = _AUTOLINK.sub(r"\1", text)
    text = text.replace("![", "! [").replace("](", "] (")  # what is too long or too odd to be read above
    text = _TAG.sub("&lt;", text)
    text = _SCHEME.sub(_defanged, text)
    return _WWW.sub("www[.]", text)


def _defanged(found: re.Match[str]) -> str:
    if found[1]:
        return f"{found[1].lower().replace('tt', 'xx')}://" if found[1].lower().startswith("h") else f"{found[1]}[:]//"
    return f"{found[2]}[:]"


def _written_out(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"
