"""BM25's words: forms of a word meet, numbers count, stop words weigh nothing, every script works."""

import pytest

from memory.words import Words, shortened

WORDS = Words()


def shared(query: str, text: str) -> list[str]:
    """The query's words that the text has in some form."""
    has = set(WORDS.own(text).indices)
    return [word for word, indices in WORDS.asked(query).items() if indices & has]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("fee", "the fees"),
        ("Hafen", "im HÄFEN"),
        ("strasse", "Straße"),
        ("cafe", "cafe\u0301"),
        ("12", "12.5 euros"),
        ("1000", "1,000 euros"),
        ("гавань", "Гавань"),
        ("東京", "東京の港で船を待つ"),
        ("图书馆", "北京大学的学生在图书馆学习"),
        ("부산", "서울에서 부산까지"),
    ],
)
def test_what_should_meet_meets(query: str, text: str) -> None:
    assert set(WORDS.query(query).indices) & set(WORDS.own(text).indices)
    assert shared(query, text)


def test_stop_words_are_dropped_from_queries_in_their_language() -> None:
    assert shared("What is the fee at the quay?", "the fee is at what quay") == ["fee", "quay"]
    german = WORDS.query("Wie hoch ist die Gebühr am Kai?")
    assert set(german.indices) == set(WORDS.own("hoch Gebühr Kai").indices)


def test_a_word_that_is_a_stop_word_elsewhere_stays() -> None:
    assert shared("war in Germany", "the war") == ["war"]


def test_a_query_of_stop_words_alone_keeps_them() -> None:
    assert shared("to be or not to be", "To be, or not to be") == ["to", "be", "or", "not"]


@pytest.mark.parametrize("text", ["", "   ", "?!… --- 🚢", "\ud800"])
def test_no_words_no_vector(text: str) -> None:
    assert len(WORDS.query(text).indices) == 0


def test_documents_keep_their_stop_words() -> None:
    assert len(WORDS.own("the of and").indices) == 3


def test_a_very_long_query_keeps_beginning_and_end() -> None:
    text = "berth " + "filler " * 100_000 + "quay"
    assert len(shortened(text)) < 10_000
    assert set(shared(text, "berth at the quay")) == {"berth", "quay"}
