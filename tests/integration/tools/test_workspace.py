"""The file tools on a real disk: what works, and that nothing leads out."""

import errno
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tools.builtin import builtin_tools
from tools.errors import Refused, ToolError
from tools.types import ToolContext, ToolOutput
from tools.workspace import MAX_BYTES, Workspace

TOOLS = {tool.name: tool for tool in builtin_tools()}


@dataclass
class Desk:
    """A workspace with something secret beside it."""

    root: Path
    secret: Path
    context: ToolContext

    async def call(self, name: str, **args: Any) -> ToolOutput:
        return await TOOLS[name].run(self.context, args)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    root = tmp_path / "workspace"
    nothing: Any = None
    return Desk(root, secret, ToolContext("task_1", "acme", "c1", "k1", root, memory=nothing, http=nothing))


async def test_what_was_written_is_read_back(desk: Desk) -> None:
    assert (await desk.call("write_file", path="report.md", content="x" * 123)).content == "Wrote 123 bytes to report.md."
    assert (await desk.call("read_file", path="report.md")).content == "x" * 123
    assert (await desk.call("write_file", path="report.md", content="ü")).content == "Wrote 2 bytes to report.md."
    assert (desk.root / "report.md").read_text(encoding="utf-8") == "ü"
    assert (await desk.call("write_file", path="one.txt", content="1")).content == "Wrote 1 byte to one.txt."


async def test_parents_are_made_and_listed(desk: Desk) -> None:
    await desk.call("write_file", path="./a//b/c.txt", content="hello")
    await desk.call("write_file", path="a/z.txt", content="")
    output = await desk.call("list_files", folder="a")
    assert output.content == "b/\nz.txt (0 bytes)"
    assert output.data[1] == {"name": "z.txt", "kind": "file", "bytes": 0}
    assert (await desk.call("list_files")).content == "a/"


async def test_an_empty_workspace_is_no_error(desk: Desk) -> None:
    assert (await desk.call("list_files")).content == "The folder is empty."
    with pytest.raises(ToolError, match="workspace is empty"):
        await desk.call("read_file", path="a.txt")
    assert not desk.root.exists()


async def test_reading_goes_on_where_it_stopped(desk: Desk) -> None:
    await desk.call("write_file", path="a.txt", content="äbcdefgh")
    assert (await desk.call("read_file", path="a.txt", limit=3)).content == "äbc\n[5 more characters; read on with offset=3]"
    assert (await desk.call("read_file", path="a.txt", offset=3, limit=5)).content == "defgh"
    with pytest.raises(ToolError, match="nothing at offset 8"):
        await desk.call("read_file", path="a.txt", offset=8)


OUTSIDE = [
    "../secret.txt",
    "a/../../secret.txt",
    "..",
    "a/..",
    "/etc/passwd",
    "//etc/passwd",
    "/proc/self/root/etc/passwd",
    "~/x",
    "~root/x",
    "C:\\x",
    "C:x",
    "c:/x",
    "\\\\server\\share",
    "..\\secret.txt",
    "a\0b",
    "\0",
]


@pytest.mark.parametrize("path", OUTSIDE)
async def test_paths_that_lead_out_are_refused(path: str, desk: Desk) -> None:
    desk.root.mkdir()
    for name, args in (
        ("read_file", {"path": path}),
        ("write_file", {"path": path, "content": "x"}),
        ("list_files", {"folder": path}),
    ):
        with pytest.raises(Refused):
            await desk.call(name, **args)
    assert desk.secret.read_text() == "secret"
    assert os.listdir(desk.root) == []


@pytest.mark.parametrize("target", ["../secret.txt", "inside.txt", "nowhere"])
async def test_links_to_files_are_refused(target: str, desk: Desk) -> None:
    await desk.call("write_file", path="inside.txt", content="mine")
    (desk.root / "link.txt").symlink_to(target)
    with pytest.raises(Refused, match="link"):
        await desk.call("read_file", path="link.txt")
    with pytest.raises(Refused, match="link"):
        await desk.call("write_file", path="link.txt", content="x")
    assert desk.secret.read_text() == "secret"
    assert "cannot be used" in (await desk.call("list_files")).content


async def test_links_to_folders_are_refused(desk: Desk) -> None:
    desk.root.mkdir()
    (desk.root / "out").symlink_to(desk.root.parent)
    (desk.root / "proc").symlink_to("/proc/self/root")
    for path in ("out/secret.txt", "proc/etc/passwd"):
        with pytest.raises(Refused):
            await desk.call("read_file", path=path)
        with pytest.raises(Refused):
            await desk.call("write_file", path=path, content="x")
    with pytest.raises(Refused):
        await desk.call("write_file", path="out/new/deep.txt", content="x")
    with pytest.raises(Refused):
        await desk.call("list_files", folder="out")
    assert sorted(os.listdir(desk.root.parent)) == ["secret.txt", "workspace"]


def test_a_folder_swapped_for_a_link_between_two_looks_gains_nothing(desk: Desk) -> None:
    """One thread keeps swapping ``sub`` between a folder and a link to the folder above; no read ever sees the secret."""
    (desk.root / "sub").mkdir(parents=True)
    (desk.root / "sub" / "secret.txt").write_text("mine")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(desk.root / "sub", desk.root / "kept")
            os.symlink(desk.root.parent, desk.root / "sub")
            os.unlink(desk.root / "sub")
            os.rename(desk.root / "kept", desk.root / "sub")

    thread = threading.Thread(target=swap)
    thread.start()
    seen: set[bytes] = set()
    refused = 0
    try:
        while refused < 20 or not seen:
            try:
                seen.add(Workspace(desk.root).read("sub/secret.txt"))
            except Refused:
                refused += 1
            except FileNotFoundError:
                continue
    finally:
        stop.set()
        thread.join()
    assert seen == {b"mine"}


async def test_what_is_no_plain_file_is_named(desk: Desk) -> None:
    desk.root.mkdir()
    os.mkfifo(desk.root / "pipe")
    (desk.root / "folder").mkdir()
    with pytest.raises(Refused, match="not a regular file"):
        await desk.call("read_file", path="pipe")
    with pytest.raises(Refused):
        await desk.call("write_file", path="pipe", content="x")
    with pytest.raises(ToolError, match="is a folder"):
        await desk.call("read_file", path="folder")
    with pytest.raises(ToolError, match="is a folder"):
        await desk.call("write_file", path="folder", content="x")
    with pytest.raises(ToolError, match="names no file"):
        await desk.call("write_file", path="folder/", content="x")
    with pytest.raises(ToolError, match="names no file"):
        await desk.call("read_file", path=".")


async def test_a_file_is_no_folder(desk: Desk) -> None:
    await desk.call("write_file", path="a.txt", content="x")
    for call in (desk.call("list_files", folder="a.txt"), desk.call("write_file", path="a.txt/b.txt", content="x")):
        with pytest.raises(ToolError, match="not a folder"):
            await call


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"%PDF-1.4", "a PDF document"),
        (b"a\0b", "binary data"),
        (b"ok \xff", "not UTF-8 text (byte 3 does not fit)"),
        (b"PK\x03\x04", "ZIP"),
    ],
)
async def test_what_is_not_text_is_named(data: bytes, says: str, desk: Desk) -> None:
    desk.root.mkdir()
    (desk.root / "file.bin").write_bytes(data)
    with pytest.raises(ToolError) as caught:
        await desk.call("read_file", path="file.bin")
    assert says in str(caught.value)


async def test_a_byte_order_mark_is_not_part_of_the_text(desk: Desk) -> None:
    desk.root.mkdir()
    (desk.root / "a.txt").write_bytes(b"\xef\xbb\xbfhello")
    assert (await desk.call("read_file", path="a.txt")).content == "hello"


async def test_a_missing_file_gets_the_close_names(desk: Desk) -> None:
    await desk.call("write_file", path="notes/plan.md", content="x")
    await desk.call("write_file", path="report.md", content="x")
    with pytest.raises(ToolError, match=r"did you mean `notes/plan\.md`\?"):
        await desk.call("read_file", path="notes/plam.md")
    with pytest.raises(ToolError, match="`list_files` shows"):
        await desk.call("read_file", path="zzzzzzzz")
    with pytest.raises(ToolError, match="no folder `else`"):
        await desk.call("list_files", folder="else")


async def test_sizes_are_bounded(desk: Desk) -> None:
    desk.root.mkdir()
    (desk.root / "huge.txt").touch()
    os.truncate(desk.root / "huge.txt", MAX_BYTES + 1)
    with pytest.raises(ToolError, match="larger than"):
        await desk.call("read_file", path="huge.txt")
    with pytest.raises(ToolError, match="larger than"):
        await desk.call("write_file", path="new.txt", content="x" * (MAX_BYTES + 1))
    with pytest.raises(ToolError, match="too long"):
        await desk.call("write_file", path="x" * 300, content="x")
    with pytest.raises(ToolError, match="too long"):
        await desk.call("write_file", path="a/" * 40 + "b", content="x")
    assert os.listdir(desk.root) == ["huge.txt"]


async def test_text_that_cannot_be_written_changes_nothing(desk: Desk) -> None:
    await desk.call("write_file", path="a.txt", content="old")
    with pytest.raises(ToolError, match="UTF-8"):
        await desk.call("write_file", path="a.txt", content="\ud83d")
    with pytest.raises(ToolError, match="UTF-8"):
        await desk.call("write_file", path="\ud83d.txt", content="x")
    assert (await desk.call("read_file", path="a.txt")).content == "old"


def test_a_full_disk_is_told_and_leaves_the_old_file() -> None:
    """A process that may write 4,096 bytes a file stands in for a disk without room: the write fails half-way."""
    code = (
        "import resource, signal, sys, tempfile, pathlib, os\n"
        "from tools.workspace import Workspace\n"
        "from tools.errors import ToolError\n"
        "root = pathlib.Path(tempfile.mkdtemp())\n"
        "Workspace(root).write('a.txt', b'old')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    Workspace(root).write('a.txt', b'x' * 100_000)\n"
        "except ToolError as error:\n"
        "    print(error)\n"
        "print(os.listdir(root), (root / 'a.txt').read_text())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"`a.txt` cannot be used: {os.strerror(errno.EFBIG).lower()}.", "['a.txt'] old"]
