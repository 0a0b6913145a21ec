"""Keys with users and roles, the audit log and credentials from the command line."""

import sqlite3

from tests.integration.cli.conftest import Home

TOKEN_TOOL = '''
from journeyman import tool
from tools.types import ToolContext


@tool(read_only=True, secrets=["CRM_TOKEN"])
def crm(context: ToolContext) -> str:
    """Ask the CRM."""
    return "begins with " + context.secret("CRM_TOKEN")[:4]
'''


async def test_the_audit_log_shows_who_did_what_and_that_it_was_tampered_with(home: Home) -> None:
    create = ("keys", "create", "--name", "phone", "--user", "ada", "--role", "viewer", "--json")
    made = (await home.run(*create)).json
    fresh = (await home.run("keys", "rotate", made["id"], "--grace-hours", "0", "--json")).json
    assert (fresh["user"], fresh["roles"]) == ("ada", ["viewer"])
    entries = (await home.run("audit", "list", "--act", "key", "--json")).json
    assert [(e["act"], e["target"], e["actor"]) for e in entries] == [
        ("key.rotated", fresh["id"], "command line"),
        ("key.created", made["id"], "command line"),
    ]
    noted = f"1:{entries[-1]['hash']}"
    assert (await home.run("audit", "verify", "--expect", noted)).code == 0
    database = sqlite3.connect(home.data / "journal.db")
    with database:
        database.execute("UPDATE audit_log SET actor = 'eve' WHERE act = 'key.created'")
    database.close()
    broken = await home.run("audit", "verify")
    assert broken.code == 1
    assert "not as it was written" in broken.err


async def test_credentials_come_from_stdin_and_reach_the_tool(home: Home) -> None:
    (home.tools / "crm.py").write_text(TOKEN_TOOL)
    home.configure(f'[tools]\nfolders = ["{home.tools}"]\n')
    nothing = await home.run("credentials", "set", "CRM_TOKEN")
    assert (nothing.code, "stdin" in nothing.err) == (2, True)
    assert (await home.run("credentials", "set", "CRM_TOKEN", given="swordfish-123\n")).code == 0
    assert (await home.run("credentials", "rotate")).code == 0
    listed = (await home.run("credentials", "list", "--json")).out
    assert "CRM_TOKEN" in listed
    assert "swordfish" not in listed
    assert "begins with swor" in (await home.run("tools", "call", "crm")).out
