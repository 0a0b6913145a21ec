"""The tools that come with the product, one small file for each."""

from tools.builtin.ask_person import ask_person
from tools.builtin.calculate import calculate
from tools.builtin.files import list_files, read_file, write_file
from tools.builtin.http_get import http_get
from tools.builtin.now import now
from tools.builtin.python import python
from tools.builtin.read_result import read_result
from tools.builtin.recall import recall
from tools.builtin.remember import remember
from tools.functions import tool_from
from tools.types import Tool

_FUNCTIONS = (
    ask_person,
    calculate,
    http_get,
    list_files,
    now,
    python,
    read_file,
    read_result,
    recall,
    remember,
    write_file,
)


def builtin_tools() -> list[Tool]:
    """All of them, each bound by its description and schema alone, so that approvals outlive an upgrade."""
    return [tool_from(function, origin="builtin", version="") for function in _FUNCTIONS]
