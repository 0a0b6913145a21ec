"""Files on the command line: attached to a goal, written by a task, and the schema of an answer."""

import json

from tests.integration.cli.conftest import Build, Home, calls, says


async def test_files_go_in_and_come_out(world: Build) -> None:
    home = await world(calls(("write_file", {"path": "out/report.md", "content": "# All well"})), says("Written."))
    (home.work / "notes.txt").write_text("The pier is closed.")
    (home.work / "pixel.png").write_bytes(bytes(range(256)))
    done = await home.run("run", "Report.", "--attach", "notes.txt", "--attach", "pixel.png", "--json")
    assert done.code == 0
    task = done.json["id"]
    written = home.data / "workspaces" / task / "out" / "report.md"
    assert f"wrote {written}" in done.err
    assert written.read_text() == "# All well"
    assert (home.data / "workspaces" / task / "attachments" / "pixel.png").read_bytes() == bytes(range(256))
    listed = await home.run("tasks", "artifacts", task, "--json")
    assert [(one["name"], one["bytes"]) for one in listed.json] == [("out/report.md", 10)]
    saved = await home.run("tasks", "artifacts", task, "--out", "here")
    assert saved.out == "here/out/report.md\n"
    assert (home.work / "here" / "out" / "report.md").read_text() == "# All well"
    one = await home.run("tasks", "artifacts", task, "out/report.md", "--out", "there")
    assert (home.work / one.out.strip()).read_text() == "# All well"


async def test_what_is_not_there_is_one_clear_error(world: Build) -> None:
    home = await world(says("ok"))
    task = (await home.run("run", "Go.", "--json")).json["id"]
    for name in ("none.md", "../x", "."):
        done = await home.run("tasks", "artifacts", task, name, "--out", "here")
        assert done.code != 0, name
        assert done.err.startswith("Error: ")
    assert not any(path.is_file() for path in home.work.rglob("here/*"))


async def test_an_answer_holds_the_schema_of_a_file(world: Build) -> None:
    home = await world(says('{"n": 3}'))
    (home.work / "s.json").write_text(json.dumps({"type": "object", "required": ["n"]}))
    done = await home.run("run", "Count.", "--schema", "s.json", "--json")
    assert done.json["output"] == {"n": 3}


async def test_a_schema_that_cannot_be_used_is_refused(home: Home) -> None:
    for text in ("{", "[]", '{"type": "none"}'):
        (home.work / "s.json").write_text(text)
        done = await home.run("run", "Count.", "--schema", "s.json")
        assert done.code == 2, text
        assert "schema" in done.err
