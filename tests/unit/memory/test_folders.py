"""What of a folder is read."""

import os
from pathlib import Path

from memory.ingest.folders import list_folder


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def test_files_in_order_without_hidden_ones_and_packages(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "a/z.md", "a.md", ".env", ".git/config", ".venv/x.py", "node_modules/y.js", "a/.hidden/h.md")
    assert list(list_folder(tmp_path).files) == ["a.md", "a/z.md", "b.md"]


def test_a_loop_of_links_is_no_harm_and_a_linked_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.md")
    (tmp_path / "docs" / "loop").symlink_to(tmp_path / "docs")
    (tmp_path / "docs" / "link.md").symlink_to(tmp_path / "docs" / "a.md")
    assert list(list_folder(tmp_path / "docs").files) == ["a.md", "link.md"]


def test_a_name_that_is_no_text_still_has_a_name(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "w") as file:
        file.write("x")
    (name,) = list_folder(tmp_path).files
    assert name == "caf\ufffd.txt"


def test_a_folder_that_is_gone_is_reported(tmp_path: Path) -> None:
    listing = list_folder(tmp_path / "absent")
    assert listing.files == {}
    assert "cannot be opened" in listing.unread["./"]
