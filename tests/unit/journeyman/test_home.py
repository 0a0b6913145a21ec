"""The home folder: one server at a time, and how others find it."""

import os
from pathlib import Path

import pytest

from journal.errors import ConfigurationError
from journeyman.home import Serving, announced, prepare, serving, sole_server

HERE = Serving("http://127.0.0.1:1234", os.getpid(), "secret")


def test_a_server_is_found_only_while_it_runs(tmp_path: Path) -> None:
    assert serving(tmp_path) is None
    with sole_server(tmp_path), announced(tmp_path, HERE):
        assert serving(tmp_path) == HERE
        assert (tmp_path / "serve.json").stat().st_mode & 0o777 == 0o600
    assert serving(tmp_path) is None


def test_what_a_killed_server_left_is_ignored_and_swept_away_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "serve.json").write_text('{"address": "http://127.0.0.1:1", "pid": 1, "token": "old"}')
    assert serving(tmp_path) is None
    with sole_server(tmp_path):
        assert serving(tmp_path) is None, "the new server is not ready yet"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"address": 1}'])
def test_a_broken_file_is_no_server(tmp_path: Path, text: str) -> None:
    with sole_server(tmp_path):
        (tmp_path / "serve.json").write_text(text)
        assert serving(tmp_path) is None


def test_a_second_server_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with sole_server(tmp_path), announced(tmp_path, HERE):
        with pytest.raises(ConfigurationError) as refused, sole_server(tmp_path):
            pass
        assert str(os.getpid()) in refused.value.message
        assert HERE.address in refused.value.message
        assert serving(tmp_path) == HERE, "the refused one took nothing away"


def test_a_server_that_is_just_starting_is_named_too(tmp_path: Path) -> None:
    with sole_server(tmp_path), pytest.raises(ConfigurationError, match=f"process {os.getpid()}"), sole_server(tmp_path):
        pass


def test_the_home_is_its_owners_alone(tmp_path: Path) -> None:
    assert prepare(tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        prepare(tmp_path / "file" / "home")
