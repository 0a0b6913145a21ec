"""Memory from the command line: alike with `serve` running and without."""

from tests.integration.cli.conftest import Build, Home, says


def write(home: Home, name: str, text: str | bytes) -> None:
    file = home.work / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)


async def test_add_search_list_forget(world: Build) -> None:
    home = await world(says("ok"))
    write(home, "docs/harbour.md", "# Harbour rules\n\nBerth fees are 37 euros a metre and day.\n")
    write(home, "docs/pilots.md", "# Pilots\n\nPilotage is compulsory above 90 metres.\n")
    added = await home.run("memory", "add", "docs", "--json")
    assert added.code == 0, added
    assert (added.json["added"], added.json["skipped"]) == (2, {})
    found = (await home.run("memory", "search", "what are the berth fees", "-k", "1", "--json")).json
    assert [item["source"] for item in found] == ["harbour.md"]
    assert "37 euros" in found[0]["text"]
    plain = (await home.run("memory", "search", "berth fees")).out
    assert "harbour.md, " in plain
    items = (await home.run("memory", "list", "--json")).json
    assert {item["source"] for item in items} == {"harbour.md", "pilots.md"}
    assert {item["source"] for item in (await home.run("memory", "list", "--source", "pilots.md", "--json")).json} == {
        "pilots.md"
    }
    assert (await home.run("memory", "forget", found[0]["id"])).code == 0
    assert (await home.run("memory", "forget", found[0]["id"])).code == 2
    left = (await home.run("memory", "list", "--json")).json
    assert found[0]["id"] not in [item["id"] for item in left]


async def test_what_is_there_already_costs_nothing(world: Build) -> None:
    home = await world(says("ok"))
    write(home, "a.md", "One fact.")
    assert (await home.run("memory", "add", "a.md", "--json")).json["added"] == 1
    again = await home.run("memory", "add", "a.md", "--json")
    assert again.code == 0
    assert (again.json["added"], again.json["unchanged"]) == (0, 1)


async def test_another_folder_does_not_push_out_the_first(world: Build) -> None:
    home = await world(says("ok"))
    write(home, "one/a.md", "The first fact.")
    write(home, "two/b.md", "The second fact.")
    assert (await home.run("memory", "add", "one")).code == 0
    assert (await home.run("memory", "add", "two")).code == 0
    items = (await home.run("memory", "list", "--json")).json
    assert {item["source"] for item in items} == {"a.md", "b.md"}


async def test_what_cannot_be_read_is_left_out_and_named(world: Build) -> None:
    home = await world(says("ok"))
    write(home, "docs/good.md", "A fact.")
    write(home, "docs/bad.bin", bytes(range(256)) * 40)
    write(home, "docs/empty.txt", "")
    done = await home.run("memory", "add", "docs", "--json")
    assert done.code == 0
    assert set(done.json["skipped"]) == {"bad.bin", "empty.txt"}
    assert "bad.bin" in done.err
    nothing = await home.run("memory", "add", "docs/bad.bin", "docs/empty.txt", "--json")
    assert nothing.code == 1
    assert nothing.json["added"] == 0
    assert len(nothing.json["skipped"]) == 2


async def test_texts(world: Build) -> None:
    home = await world(says("ok"))
    assert (await home.run("memory", "add", "--text", "The office closes at six.", "--source", "notice board")).code == 0
    assert (await home.run("memory", "add", "--text", "-", given="The kitchen opens at nine.")).code == 0
    assert (await home.run("memory", "add", "--text", "The cellar is locked.")).code == 0
    [best, *_] = (await home.run("memory", "search", "when does the office close", "--json")).json
    assert best["source"] == "notice board"
    assert len((await home.run("memory", "list", "--json")).json) == 3


async def test_namespaces_are_apart(world: Build) -> None:
    home = await world(says("ok"))
    for namespace in ("red", "blue"):
        assert (await home.run("memory", "add", "--text", f"The door is {namespace}.", "--namespace", namespace)).code == 0
    found = (await home.run("memory", "search", "door", "--namespace", "red", "--json")).json
    assert [item["text"] for item in found] == ["The door is red."]
    listed = (await home.run("memory", "list", "--namespace", "blue", "--json")).json
    assert [item["namespace"] for item in listed] == ["blue"]


async def test_the_list_has_pages(world: Build) -> None:
    home = await world(says("ok"))
    for number in range(3):
        await home.run("memory", "add", "--text", f"Fact number {number}.", "--source", f"fact {number}")
    first = await home.run("memory", "list", "--limit", "2", "--json")
    second = await home.run("memory", "list", "--limit", "2", "--after", first.err.split()[-1], "--json")
    assert len(first.json) == 2
    assert len(second.json) == 1
    assert not {item["id"] for item in first.json} & {item["id"] for item in second.json}


async def test_what_failed_is_listed_and_tried_again(world: Build) -> None:
    home = await world(says("ok"))
    write(home, "docs/good.md", "A fact.")
    write(home, "docs/bad.json", '{"fee": ')
    assert (await home.run("memory", "add", "docs", "--json")).json["added"] == 1
    assert (await home.run("memory", "add", "--retry-failed", "--json")).json["skipped"].keys() == {"bad.json"}
    [letter] = (await home.run("memory", "failed", "--json")).json
    assert (letter["source"], letter["attempts"], letter["namespace"]) == ("bad.json", 2, "default")
    assert "not valid JSON" in letter["why"]
    write(home, "docs/bad.json", '{"fee": 43}')
    assert (await home.run("memory", "add", "--retry-failed", "--json")).json["added"] == 1
    assert (await home.run("memory", "failed", "--json")).json == []
    assert (await home.run("memory", "add", "--retry-failed")).code == 0
    assert (await home.run("memory", "add", "docs", "--retry-failed")).code == 2


async def test_export_and_import(world: Build) -> None:
    home = await world(says("ok"))
    assert (await home.run("memory", "add", "--text", "The office closes at six.", "--source", "board")).code == 0
    exported = await home.run("memory", "export", "all.jsonl")
    if exported.code == 2:  # `serve` owns the embedded store
        assert "in use by process" in exported.err
        return
    assert exported.code == 0
    before = (await home.run("memory", "list", "--json")).json
    assert (await home.run("memory", "import", "all.jsonl", "--json")).json == {"added": 0, "unchanged": 1, "items": 0}
    assert (await home.run("memory", "forget", before[0]["id"])).code == 0
    assert (await home.run("memory", "import", "all.jsonl", "--json")).json == {"added": 1, "unchanged": 0, "items": 1}
    assert (await home.run("memory", "list", "--json")).json == before
    assert (await home.run("memory", "import", "absent.jsonl")).code == 2
