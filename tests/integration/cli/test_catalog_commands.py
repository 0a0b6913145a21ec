"""Tools, models, agents and keys: alike with `serve` running and without."""

import asyncio

import httpx
import pytest

from journeyman.home import serving
from journeyman.testing import HttpError, Rule, StubServer
from tests.integration.cli.conftest import Build, Home, says


async def test_tools(world: Build) -> None:
    home = await world(says("ok"))
    tools = {tool["name"]: tool for tool in (await home.run("tools", "list", "--json")).json}
    assert {"calculate", "recall", "lookup", "send"} <= set(tools)
    assert (await home.run("tools", "show", "send", "--json")).json == tools["send"]
    card = (await home.run("tools", "show", "send")).out
    assert all(word in card for word in ("Send a message.", "to (string, required)", "changes", "local"))
    lines = [line.split("\t") for line in (await home.run("tools", "list")).out.splitlines()]
    assert ["lookup", "local", "reads", "Look one item up."] in lines


async def test_a_call_by_hand(world: Build) -> None:
    home = await world(says("ok"))
    assert (await home.run("tools", "call", "calculate", "--arg", "expression=2*21")).out.strip().endswith("42")
    called = await home.run("tools", "call", "lookup", "--json-args", '{"q": "Kiel"}', "--json")
    assert called.json["content"] == "found Kiel"
    assert called.json["label"]["from"] == ["tool:lookup"]


async def test_an_effect_by_hand_needs_a_yes(world: Build) -> None:
    home = await world(says("ok"))
    arguments = ["tools", "call", "send", "--arg", "to=Ada", "--arg", "text=1"]
    refused = await home.run(*arguments)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert home.sent == []
    assert (await home.run(*arguments, "--yes")).out == "sent to Ada\n"
    assert home.sent == ["Ada: 1"]


async def test_a_call_by_hand_that_fails(world: Build) -> None:
    home = await world(says("ok"))
    done = await home.run("tools", "call", "send_badly", "--arg", "to=Ada", "--yes")
    assert (done.code, done.out) == (1, "")
    assert "the line broke" in done.err


async def test_a_workspace_for_a_call_by_hand(world: Build) -> None:
    home = await world(says("ok"))
    writing = ["tools", "call", "write_file", "--json-args", '{"path": "a.txt", "content": "hi"}']
    assert (await home.run(*writing)).code == 0
    assert not (home.work / "a.txt").exists()
    assert (await home.run(*writing, "--workspace", ".")).code == 2
    assert (await home.run(*writing, "--workspace", ".", "--yes")).code == 0
    assert (home.work / "a.txt").read_text() == "hi"


async def test_recall_by_hand_reaches_the_memory(world: Build) -> None:
    home = await world(says("ok"))
    noted = await home.run("tools", "call", "remember", "--arg", "text=The cellar is locked.", "--yes")
    assert noted.code == 0, noted
    assert "The cellar is locked." in (await home.run("tools", "call", "recall", "--arg", "query=cellar")).out


async def test_models(world: Build) -> None:
    home = await world(says("ok"))
    [model] = (await home.run("models", "list", "--json")).json
    assert (model["name"], model["provider"], model["used_by"]) == ("stub", "openai_compatible", ["every role"])
    assert "$1" in (await home.run("models", "list")).out
    [tested] = (await home.run("models", "test", "--json", OPENAI_API_KEY="x")).json
    assert tested["ok"] is True


async def test_a_model_that_does_not_answer(home: Home) -> None:
    async with StubServer([Rule(error=HttpError(status=401))]) as stub:
        home.use(stub)
    done = await home.run("models", "test", "stub", "--json", OPENAI_API_KEY="S3CRET-KEY-VALUE")
    assert done.code == 1
    assert done.json[0]["ok"] is False
    assert done.json[0]["detail"]
    assert done.json[0]["hint"]
    assert "S3CRET-KEY-VALUE" not in done.out + done.err


async def test_the_built_in_model_is_listed_and_answers(home: Home) -> None:
    [model] = (await home.run("models", "list", "--json")).json
    assert model["name"] == "rehearsal"
    assert (await home.run("models", "test")).code == 0


async def test_agents(world: Build) -> None:
    home = await world(says("ok"))
    agents = (await home.run("agents", "list", "--json")).json
    assert [agent["name"] for agent in agents] == ["default"]
    assert (await home.run("agents", "show", "default", "--json")).json == agents[0]
    assert "react" in (await home.run("agents", "list")).out
    assert "max_steps 50" in (await home.run("agents", "show", "default")).out


async def test_keys(world: Build) -> None:
    home = await world(says("ok"))
    made = (await home.run("keys", "create", "--name", "laptop", "--json")).json
    assert {"id", "key", "name"} <= set(made)
    plain = await home.run("keys", "create", "--name", "phone")
    assert plain.out.startswith("jm_")
    assert len(plain.out.splitlines()) == 1
    listed = await home.run("keys", "list", "--json")
    assert made["key"] not in listed.out
    assert {"laptop", "phone"} <= {key["name"] for key in listed.json}
    assert (await home.run("keys", "revoke", made["id"])).code == 0
    [revoked] = [key for key in (await home.run("keys", "list", "--json")).json if key["id"] == made["id"]]
    assert revoked["revoked_at"] is not None


@pytest.mark.parametrize("world", ["served"], indirect=True)
async def test_a_key_made_while_serve_runs_opens_it(world: Build) -> None:
    home = await world(says("ok"))
    served = serving(home.data)
    assert served is not None
    made = (await home.run("keys", "create", "--name", "laptop", "--json")).json
    async with httpx.AsyncClient(base_url=served.address) as client:
        assert (await client.get("/v1/tasks")).status_code == 401
        opened = await client.get("/v1/tasks", headers={"authorization": f"Bearer {made['key']}"})
    assert opened.status_code == 200


@pytest.mark.parametrize("world", ["served"], indirect=True)
async def test_doctor_while_serve_runs(world: Build) -> None:
    home = await world(says("ok"))
    done = await home.run("doctor", "--json", OPENAI_API_KEY="x")
    assert done.code == 0, done.out
    found = {finding["part"]: finding["found"] for finding in done.json["findings"]}
    assert "Running" in found["serve"]
    assert "serve" in found["memory"]


async def test_a_reader_that_leaves_early_is_no_error(home: Home) -> None:
    process = await home.start("config", "show")
    assert process.stdout is not None
    process.stdout._transport.close()  # type: ignore[attr-defined]
    _, err = await asyncio.gather(process.wait(), process.stderr.read() if process.stderr else asyncio.sleep(0))
    assert b"Traceback" not in (err or b"")
    assert b"Exception ignored" not in (err or b"")
