"""``--grant SOURCE=TOOLS``."""

import pytest

from journal.errors import InvalidInput
from journeyman.cli.grants import read_grant


def test_a_grant_names_a_source_and_tools() -> None:
    assert read_grant("tool:mail.*= mail.send, calendar.*") == {"source": "tool:mail.*", "tools": ["mail.send", "calendar.*"]}


@pytest.mark.parametrize("given", ["", "tool:mail", "tool:mail=", "=mail.send", "tool:mail= ,"])
def test_what_names_only_one_of_them_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput, match="names no source or no tools"):
        read_grant(given)
