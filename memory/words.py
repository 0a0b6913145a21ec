"""BM25 over words: how text becomes a sparse vector.

Words are split at everything that is no letter or digit, folded to plain letters and small case, and reduced to their English
stem (harmless for other languages, since queries and documents are treated alike). Every word of a document is indexed. Only
from a query are stop words dropped, those of the language the query seems to be in, and only if another word remains: so
"to be or not to be" still finds its play. Scripts without spaces are indexed by pairs of characters. Qdrant's own multilingual
tokenizer is not used: it drops every number.
"""

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qdrant_edge import Bm25, Language, SparseVector

_OWN_LENGTH = 128.0
_WINDOW_LENGTH = 384.0
"""Expected words of a chunk, and of a chunk with its neighbours."""

_STOP_WORD_MARGIN = 2
"""How many more stop words than English another language must explain: "war" and "die" are English words too."""

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]{3,}")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORD = re.compile(r"\w+")
_EDGE_CHARS = 4000


class Words:
    """BM25 vectors of documents and queries. Importing this module does not load Qdrant; the first vector does."""

    def own(self, text: str) -> "SparseVector":
        """The vector of a chunk alone."""
        return self._own.embed_document(_normalized(text))

    def window(self, text: str) -> "SparseVector":
        """The vector of a chunk with its neighbours."""
        return self._window.embed_document(_normalized(text))

    def query(self, text: str) -> "SparseVector":
        """The vector of a query; empty if it has no word."""
        text = _normalized(shortened(text))
        whole = self._own.embed_query(text)
        english = self._asking["English"].embed_query(text)
        others = (self._asking[name].embed_query(text) for name in self._asking)
        fewest = min(others, key=lambda vector: len(vector.indices))
        best = fewest if len(english.indices) - len(fewest.indices) >= _STOP_WORD_MARGIN else english
        return best if best.indices else whole

    def asked(self, text: str) -> dict[str, set[int]]:
        """The query's words, as written there and stop words apart, with the indices each has in its vector."""
        wanted = set(self.query(text).indices)
        words = {
            word: wanted.intersection(self._own.embed_query(_normalized(word)).indices)
            for word in _WORD.findall(shortened(text))
        }
        return {word: indices for word, indices in words.items() if indices}

    @cached_property
    def _own(self) -> "Bm25":
        return _bm25(_OWN_LENGTH)

    @cached_property
    def _window(self) -> "Bm25":
        return _bm25(_WINDOW_LENGTH)

    @cached_property
    def _asking(self) -> "dict[str, Bm25]":
        from qdrant_edge import Language

        languages = {name: value for name, value in vars(Language).items() if isinstance(value, Language)}
        del languages["Hinglish"]  # it holds a thousand English words, content words among them
        return {name: _bm25(_OWN_LENGTH, language) for name, language in languages.items()}


def _bm25(length: float, stop_words: "Language | None" = None) -> "Bm25":
    from qdrant_edge import Bm25, Bm25Config, SnowballLanguage, SnowballParams, StopwordsSet, TokenizerType

    return Bm25(
        Bm25Config(
            avg_len=length,
            tokenizer=TokenizerType.Word,
            ascii_folding=True,
            stemmer=SnowballParams(SnowballLanguage.English),
            # Left out, this would be the English list; an empty set is the only way to say "none".
            stopwords=StopwordsSet() if stop_words is None else stop_words,
        )
    )


def _normalized(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    if "," in text:
        text = _THOUSANDS.sub("", text)
    if text.isascii():
        return text
    return _UNSPACED.sub(_pairs, unicodedata.normalize("NFKC", text))


def _pairs(run: re.Match[str]) -> str:
    text = run[0]
    return " ".join(text[at : at + 2] for at in range(len(text) - 1))


def shortened(text: str) -> str:
    """The beginning and the end of a text too long for a query: that is where a question stands."""
    return text if len(text) <= 2 * _EDGE_CHARS else f"{text[:_EDGE_CHARS]} {text[-_EDGE_CHARS:]}"
