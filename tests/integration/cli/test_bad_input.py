"""Whatever is typed: one clear sentence on stderr, nothing on stdout, the right exit code."""

import pytest

from tests.integration.cli.conftest import Home

MISUSED = [
    ["tasks"],
    ["tasks", "show"],
    ["tasks", "shwo", "x"],
    ["tasks", "list", "--status", "done"],
    ["tasks", "list", "--limit", "0"],
    ["tasks", "list", "--limit", "many"],
    ["tasks", "show", "task_nothing"],
    ["tasks", "show", "../../etc/passwd"],
    ["tasks", "show", "task_nothing", "--as-of", "0"],
    ["tasks", "show", "task_nothing", "--events"],
    ["tasks", "watch", "task_nothing"],
    ["tasks", "cancel", "task_nothing"],
    ["tasks", "pause", "task_nothing"],
    ["tasks", "resume", "task_nothing"],
    ["tasks", "input", "task_nothing"],
    ["tasks", "input", "task_nothing", "hello"],
    ["tasks", "fork", "task_nothing"],
    ["tasks", "fork", "task_nothing", "--seq", "-1"],
    ["approvals", "show", "appr_nothing"],
    ["approvals", "approve", "appr_nothing"],
    ["approvals", "deny", "appr_nothing", "--note", "no"],
    ["memory", "add"],
    ["memory", "add", "nowhere.md"],
    ["memory", "add", "--text", "a", "nowhere.md"],
    ["memory", "search"],
    ["memory", "search", "x", "-k", "0"],
    ["memory", "forget", "m_nothing"],
    ["memory", "list", "--after", "nonsense"],
    ["tools", "show", "calculat"],
    ["tools", "call", "calculat"],
    ["tools", "call", "calculate", "--arg", "expression"],
    ["tools", "call", "calculate", "--arg", "expresion=1"],
    ["tools", "call", "calculate", "--arg", "expression=1", "--json-args", "{}"],
    ["tools", "call", "calculate", "--json-args", "{"],
    ["tools", "call", "calculate", "--json-args", "[]"],
    ["tools", "call", "calculate", "--json-args", '{"expression": []}'],
    ["models", "test", "nothing"],
    ["agents", "show", "nobody"],
    ["keys", "create"],
    ["keys", "create", "--name", " "],
    ["keys", "revoke", "key_nothing"],
    ["--config", "nowhere.toml", "config", "show"],
    ["init", "/proc/nowhere"],
    ["db"],
    ["nonsense"],
]


@pytest.mark.parametrize("arguments", MISUSED, ids=" ".join)
async def test_misuse_is_told_in_a_sentence(home: Home, arguments: list[str]) -> None:
    done = await home.run(*arguments)
    assert done.code == 2, done
    assert done.out == ""
    assert done.err.strip()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["tools", "show", "calculat"], "calculate"),
        (["tools", "call", "calculate", "--arg", "expresion=1"], "expression"),
        (["agents", "show", "defalt"], "default"),
        (["tasks", "lst"], "list"),
        (["taks", "list"], "tasks"),
        (["models", "test", "rehersal"], "rehearsal"),
        (["tasks", "resume", "task_nothing"], "journeyman tasks list"),
        (["approvals", "approve", "appr_nothing"], "journeyman approvals list"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
async def test_a_slip_is_answered_with_what_was_meant(home: Home, arguments: list[str], hint: str) -> None:
    assert hint in (await home.run(*arguments)).err


@pytest.mark.parametrize("word", ["", "tasks", "approvals", "memory", "tools", "models", "agents", "keys", "config", "doctor"])
async def test_help_needs_no_home(home: Home, word: str) -> None:
    done = await home.run(*word.split(), "--help", JOURNEYMAN_HOME="/proc/nowhere")
    assert done.code == 0
    assert "Usage: journeyman" in done.out
    assert done.err == ""


BROKEN = [
    ("models = 1", ["models"]),
    ("[models.x]\nprovider = 'openai_compatible'", ["models.x.model"]),
    ("[jurnal]\n[agents.default]\nplaner = 'react'", ["jurnal", "planer", "planner"]),
    ("not toml", ["line 1"]),
    ("[models.x]\nprovider='nobody'\nmodel='m'\n[routes.default]\nmodels=['y']", ["nobody", "y"]),
    ("[models.x]\nprovider='openai_compatible'\nmodel='m'", ["price"]),
    ("[agents.a]\nplanner='reakt'\ntools=['calculat']\nmodels=['nope']", ["reakt", "calculate", "nope"]),
    ("[tools]\nfolders=['/nowhere']", ["/nowhere"]),
    ("database_url='mysql://me:S3CRET@h/d'", ["mysql"]),
    ("[embedder]\nprovider='fastembed'\nmodel='m'\nfolder='/nowhere'", ["embedder"]),
]


@pytest.mark.parametrize(("text", "told"), BROKEN, ids=[text.splitlines()[0] for text, _ in BROKEN])
async def test_config_check_names_every_mistake(home: Home, text: str, told: list[str]) -> None:
    home.configure(text)
    plain, as_json = await home.run("config", "check"), await home.run("config", "check", "--json")
    assert plain.code == as_json.code == 2
    assert plain.out == ""
    assert all(word in plain.err for word in told), plain.err
    assert "S3CRET" not in plain.err + as_json.out
    assert as_json.json["ok"] is False
    assert all(any(word in mistake for mistake in as_json.json["mistakes"]) for word in told)


async def test_a_variable_that_cannot_be_read_is_named(home: Home) -> None:
    done = await home.run("tasks", "list", JOURNEYMAN_MODELS="{oops")
    assert done.code == 2
    assert "models" in done.err
