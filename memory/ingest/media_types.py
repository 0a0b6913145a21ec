"""Which kind of document a name tells."""

from pathlib import PurePath

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAIL = "message/rfc822"
MAILBOX = "application/mbox"
PARQUET = "application/vnd.apache.parquet"
PYTHON = "text/x-python"
CODE = "text/x-source"

_CODE = (
    "js mjs cjs jsx ts tsx java kt kts scala groovy c h cc cpp cxx hpp hh cs go rs rb php swift m mm lua pl pm r jl dart "
    "ex exs erl hs clj sh bash zsh fish ps1 sql proto tf gradle vue svelte css scss less"
)

_BY_SUFFIX = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".mdx": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".tab": "text/tab-separated-values",
    ".json": "application/json",
    ".geojson": "application/json",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
    ".docx": DOCX,
    ".eml": MAIL,
    ".mbox": MAILBOX,
    ".parquet": PARQUET,
    ".py": PYTHON,
    ".pyi": PYTHON,
    **{f".{suffix}": CODE for suffix in _CODE.split()},
}


def media_type_of(name: str) -> str:
    """The media type that a file's name tells; ``text/plain`` where it tells none."""
    return _BY_SUFFIX.get(PurePath(name).suffix.lower(), "text/plain")
