"""Tasks and approvals from the command line: alike with `serve` running and without."""

from tests.integration.cli.conftest import Build, Done, Home, calls, says

ASKS = calls(("send", {"to": "Ada", "text": "hello"}))


async def waiting_task(home: Home) -> str:
    """A task that waits for a person's word."""
    done = await home.run("run", "greet Ada", "--json")
    assert done.code == 3, done
    task_id: str = done.json["id"]
    return task_id


async def approval_of(home: Home, task_id: str) -> str:
    [approval] = (await home.run("approvals", "list", "--task", task_id, "--json")).json
    approval_id: str = approval["id"]
    return approval_id


async def ended(home: Home, task_id: str) -> Done:
    """The task once it rests: carried on here, or followed in `serve`."""
    await home.run("tasks", "watch", task_id)
    return await home.run("tasks", "show", task_id, "--json")


async def test_list_and_show(world: Build) -> None:
    home = await world(calls(("lookup", {"q": "Kiel"})), says("In the north."))
    task = (await home.run("run", "where is\nKiel?", "--json")).json
    [listed] = (await home.run("tasks", "list", "--json")).json
    assert listed == task
    plain = await home.run("tasks", "list")
    title, line = plain.out.splitlines()
    assert title.split("\t") == ["ID", "STATUS", "AGE", "STEPS", "COST", "GOAL"]
    assert line.split("\t")[0] == task["id"]
    assert line.split("\t")[5] == "where is Kiel?"
    card = (await home.run("tasks", "show", task["id"])).out
    assert all(word in card for word in ("completed", "In the north.", 'lookup {"q": "Kiel"}', "2 steps", "model stub"))
    assert (await home.run("tasks", "show", task["id"], "--json")).json == task


async def test_the_list_has_pages_and_filters(world: Build) -> None:
    home = await world(says("done"))
    ids = [(await home.run("run", f"task {number}", "--json")).json["id"] for number in range(3)]
    first = await home.run("tasks", "list", "--limit", "2", "--json")
    assert [task["id"] for task in first.json] == [ids[2], ids[1]]
    cursor = first.err.split()[-1]
    second = await home.run("tasks", "list", "--limit", "2", "--before", cursor, "--json")
    assert [task["id"] for task in second.json] == [ids[0]]
    assert second.err == ""
    assert (await home.run("tasks", "list", "--status", "failed", "--json")).json == []
    assert len((await home.run("tasks", "list", "--status", "completed", "--json")).json) == 3


async def test_the_journal_and_the_past(world: Build) -> None:
    home = await world(calls(("lookup", {"q": "Kiel"})), says("In the north."))
    task = (await home.run("run", "where is Kiel?", "--json")).json
    events = (await home.run("tasks", "show", task["id"], "--events", "--json")).json
    assert [event["seq"] for event in events] == list(range(1, task["last_seq"] + 1))
    assert events[-1]["kind"] == "task.completed"
    lines = (await home.run("tasks", "show", task["id"], "--events")).out.splitlines()
    assert len(lines) == len(events)
    past = (await home.run("tasks", "show", task["id"], "--as-of", "3", "--json")).json
    assert (past["status"], past["last_seq"], past["answer"]) == ("working", 3, None)
    assert "llm.requested" in (await home.run("tasks", "show", task["id"], "--events", "--as-of", "3")).out


async def test_watch_prints_events_as_lines_of_json(world: Build) -> None:
    import json

    home = await world(says("done"))
    task = (await home.run("run", "do it", "--json")).json
    done = await home.run("tasks", "watch", task["id"], "--json")
    assert done.code == 0
    assert [json.loads(line)["seq"] for line in done.out.splitlines()] == list(range(1, task["last_seq"] + 1))


async def test_an_approval_shows_exactly_what_would_be_done(world: Build) -> None:
    home = await world(ASKS, says("greeted"))
    task_id = await waiting_task(home)
    assert home.sent == []
    listed = await home.run("approvals", "list")
    [approval] = (await home.run("approvals", "list", "--json")).json
    shown = await home.run("approvals", "show", approval["id"])
    assert listed.out == shown.out
    for word in (approval["id"], task_id, "send", 'to = "Ada"', 'text = "hello"', "pending"):
        assert word in shown.out
    label = approval["calls"][0]["labels"]["to"]
    assert f"from {', '.join(label['from'])}" in shown.out
    assert (await home.run("approvals", "show", approval["id"], "--json")).json == approval
    card = (await home.run("tasks", "show", task_id)).out
    assert f"journeyman approvals show {approval['id']}" in card


async def test_approve_carries_the_task_on(world: Build) -> None:
    home = await world(ASKS, says("greeted"))
    task_id = await waiting_task(home)
    approved = await home.run("approvals", "approve", await approval_of(home, task_id), "--note", "fine")
    assert approved.code == 0, approved
    task = (await ended(home, task_id)).json
    assert (task["status"], task["answer"]) == ("completed", "greeted")
    assert home.sent == ["Ada: hello"]
    again = await home.run("approvals", "approve", await approval_of(home, task_id))
    assert again.code == 2
    assert home.sent == ["Ada: hello"]


async def test_approve_with_other_arguments(world: Build) -> None:
    home = await world(ASKS, says("greeted"))
    task_id = await waiting_task(home)
    edit = '{"to": "Bo", "text": "hi"}'
    assert (await home.run("approvals", "approve", await approval_of(home, task_id), "--edit", edit)).code == 0
    assert (await ended(home, task_id)).json["status"] == "completed"
    assert home.sent == ["Bo: hi"]


async def test_an_edit_that_cannot_be_used_changes_nothing(world: Build) -> None:
    home = await world(ASKS, says("greeted"))
    approval = await approval_of(home, await waiting_task(home))
    for edit in ("{", "[]", "1", '"text"'):
        assert (await home.run("approvals", "approve", approval, "--edit", edit)).code == 2
    assert (await home.run("approvals", "show", approval, "--json")).json["status"] == "pending"
    assert home.sent == []


async def test_deny_tells_the_model_and_sends_nothing(world: Build) -> None:
    home = await world(ASKS, says("I may not."))
    task_id = await waiting_task(home)
    assert (await home.run("approvals", "deny", await approval_of(home, task_id), "--note", "not today")).code == 0
    assert (await ended(home, task_id)).json["answer"] == "I may not."
    assert home.sent == []
    assert "not today" in (await home.run("tasks", "show", task_id, "--events", "--json")).out


async def test_no_wait_only_gives_the_word(world: Build) -> None:
    home = await world(ASKS, says("greeted"))
    task_id = await waiting_task(home)
    done = await home.run("approvals", "approve", await approval_of(home, task_id), "--no-wait")
    assert done.code == 0
    assert done.out.startswith(task_id)
    assert (await ended(home, task_id)).json["status"] == "completed"


async def test_cancel(world: Build) -> None:
    home = await world(ASKS, says("greeted"))
    task_id = await waiting_task(home)
    done = await home.run("tasks", "cancel", task_id, "--note", "wrong", "--json")
    assert (done.code, done.json["status"]) == (0, "canceled")
    assert (await home.run("tasks", "watch", task_id)).code == 4
    assert (await home.run("tasks", "cancel", task_id)).code == 2


async def test_an_answer_to_a_question(world: Build) -> None:
    home = await world(calls(("ask_person", {"question": "Which one?"})), says("The blue one it is."))
    task_id = await waiting_task(home)
    card = (await home.run("tasks", "show", task_id)).out
    assert "Which one?" in card
    assert f"journeyman tasks input {task_id}" in card
    assert (await home.run("tasks", "input", task_id, "The blue one.")).code == 0
    assert (await ended(home, task_id)).json["answer"] == "The blue one it is."


async def test_a_call_in_doubt_is_settled_by_a_verdict(world: Build) -> None:
    home = await world(calls(("send_badly", {"to": "Ada"})), says("It went out."))
    task_id = await waiting_task(home)
    assert (await home.run("approvals", "approve", await approval_of(home, task_id))).code in (0, 3)
    await home.run("tasks", "watch", task_id)
    task = (await home.run("tasks", "show", task_id, "--json")).json
    assert task["waiting"]["reason"] == "in_doubt"
    [call] = task["waiting"]["calls"]
    assert call in (await home.run("tasks", "show", task_id)).out
    done = await home.run("tasks", "input", task_id, "--call", call, "--verdict", "happened", "--result", "sent as 17")
    assert done.code == 0, done
    assert (await ended(home, task_id)).json["answer"] == "It went out."


async def test_fork(world: Build) -> None:
    home = await world(calls(("lookup", {"q": "Kiel"})), says("In the north."))
    task = (await home.run("run", "where is Kiel?", "--json")).json
    done = await home.run("tasks", "fork", task["id"], "--seq", "3", "--json")
    assert done.code == 0, done
    fork = (await ended(home, done.json["id"])).json
    assert fork["forked_from"] == task["id"]
    assert fork["status"] == "completed"
    assert (await home.run("tasks", "show", task["id"], "--json")).json == task
    assert (await home.run("tasks", "fork", task["id"], "--seq", "999")).code == 2


async def test_ids_that_come_close_are_named(world: Build) -> None:
    home = await world(says("done"))
    task = (await home.run("run", "do it", "--json")).json
    done = await home.run("tasks", "show", task["id"][:-1])
    assert done.code == 2
    assert task["id"] in done.err


async def test_what_models_write_cannot_drive_the_terminal(world: Build) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2Jred\u202e"
    home = await world(calls(("send", {"to": hostile, "text": hostile})), says(hostile))
    task_id = await waiting_task(home)
    approval = await approval_of(home, task_id)
    shown = [
        await home.run("approvals", "list"),
        await home.run("approvals", "approve", approval),
        await home.run("tasks", "watch", task_id),
        await home.run("tasks", "show", task_id),
        await home.run("tasks", "show", task_id, "--json"),
        await home.run("tasks", "show", task_id, "--events"),
        await home.run("tasks", "list"),
    ]
    for done in shown:
        assert not set("\x1b\x07\u202e") & set(done.out + done.err)
    assert shown[4].json["answer"] == hostile
