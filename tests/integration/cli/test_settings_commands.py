"""`init`, `config`, `db` and `doctor` against real files and databases."""

import json
import os
import stat

import pytest

from tests.integration.cli.conftest import Home


async def test_init_then_check(home: Home) -> None:
    done = await home.run("init")
    assert (done.code, done.out) == (0, "journeyman.toml\n")
    assert (await home.run("config", "check")).code == 0


async def test_init_does_not_overwrite_unless_told(home: Home) -> None:
    home.configure("approval_hours = 1.0")
    refused = await home.run("init")
    assert refused.code == 2
    assert "--force" in refused.err
    assert (home.work / "journeyman.toml").read_text() == "approval_hours = 1.0"
    assert (await home.run("init", "--force")).code == 0
    assert "approval_hours = 72.0" in (home.work / "journeyman.toml").read_text()


async def test_init_makes_the_folder(home: Home) -> None:
    assert (await home.run("init", "deep/down")).code == 0
    assert (home.work / "deep" / "down" / "journeyman.toml").is_file()


async def test_config_show_tells_where_values_come_from(home: Home) -> None:
    home.configure("approval_hours = 1.5\n[worker]\nconcurrency = 7")
    done = await home.run("config", "show", "--json", JOURNEYMAN_WORKER__POOL_THREADS="3")
    shown = {entry["setting"]: (entry["value"], entry["from"]) for entry in done.json["settings"]}
    assert shown["approval_hours"] == (1.5, "journeyman.toml")
    assert shown["worker.concurrency"] == (7, "journeyman.toml")
    assert shown["worker.pool_threads"] == (3, "variable")
    assert shown["worker.sweep_seconds"] == (1.0, "default")
    assert shown["home"] == (home.env["JOURNEYMAN_HOME"], "variable")


async def test_config_show_hides_secrets(home: Home) -> None:
    home.configure(
        """
[models.m]
provider = "openai_compatible"
model = "m"
base_url = "http://me:S3CRET@127.0.0.1:1/v1"
api_key_env = "MY_KEY"
price = { input = 0, output = 0 }
options = { api_key = "S3CRET" }
"""
    )
    url = "postgresql://me:S3CRET@127.0.0.1/jobs"
    for arguments in (["config", "show"], ["config", "show", "--json"]):
        done = await home.run(*arguments, JOURNEYMAN_DATABASE_URL=url, MY_KEY="S3CRET")
        assert done.code == 0
        assert "S3CRET" not in done.out + done.err
        assert "MY_KEY" in done.out
        assert "127.0.0.1/jobs" in done.out


async def test_a_home_given_as_an_option_is_from_there(home: Home) -> None:
    done = await home.run("config", "show", "--json", "--home", "elsewhere")
    [shown] = [entry for entry in done.json["settings"] if entry["setting"] == "home"]
    assert shown == {"setting": "home", "value": str(home.work / "elsewhere"), "from": "option"}


async def test_db_upgrade(home: Home) -> None:
    before = await home.run("db", "status", "--json")
    assert before.code == 1
    assert before.json["pending"]
    assert not home.data.exists()
    assert (await home.run("db", "upgrade", "--json")).json["up_to_date"] is True
    after = await home.run("db", "status", "--json")
    assert after.code == 0
    assert after.json["pending"] == []
    assert (await home.run("db", "upgrade")).code == 0


async def test_db_that_cannot_be_reached(home: Home) -> None:
    url = "postgresql://me:S3CRET@127.0.0.1:1/jobs"
    for arguments in (["db", "status"], ["tasks", "list"], ["doctor"]):
        done = await home.run(*arguments, JOURNEYMAN_DATABASE_URL=url)
        assert done.code == 1
        assert "S3CRET" not in done.out + done.err


async def test_doctor_of_a_fresh_home_has_no_problems_and_changes_nothing(home: Home) -> None:
    done = await home.run("doctor", "--json")
    assert done.code == 0, done.out
    assert done.json["ok"] is True
    parts = {finding["part"] for finding in done.json["findings"]}
    assert parts == {
        "mcp servers",
        "python",
        "configuration",
        "home",
        "database",
        "serve",
        "secrets",
        "schedules",
        "memory",
        "models",
        "embedder",
        "tools",
        "policy",
        "broker",
    }
    assert not home.data.exists()


async def test_doctor_says_how_to_mend_what_is_wrong(home: Home) -> None:
    home.data.mkdir(mode=0o755)
    (home.data / "serve.json").write_text("{}")
    (home.data / "journal.db").write_text("this is no database, only a text that is long enough to be looked at")
    home.configure(
        f"""
[models.gone]
provider = "openai_compatible"
model = "m"
base_url = "http://127.0.0.1:1/v1"
price = {{ input = 0, output = 0 }}
[models.keyless]
provider = "openai_compatible"
model = "m"
base_url = "http://127.0.0.1:1/v1"
api_key_env = "NO_SUCH_KEY"
price = {{ input = 0, output = 0 }}
[tools]
folders = ["{home.tools}"]
"""
    )
    (home.tools / "broken.py").write_text("def f(:\n")
    done = await home.run("doctor", "--json")
    assert done.code == 1
    found = [f for f in done.json["findings"] if f["level"] != "ok"]
    assert all(finding["mend"] for finding in found), found
    levels = {(f["part"], f["level"]) for f in found}
    assert {
        ("home", "warning"),
        ("serve", "warning"),
        ("database", "problem"),
        ("models", "problem"),
        ("tools", "problem"),
    } <= levels
    told = " ".join(f["found"] + f["mend"] for f in found)
    assert "NO_SUCH_KEY" in told
    assert "broken.py" in told
    assert "chmod 700" in told
    plain = await home.run("doctor")
    assert plain.code == 1
    assert "->" in plain.out


async def test_doctor_of_a_broken_configuration(home: Home) -> None:
    home.configure("[jurnal]\n[wurker]")
    done = await home.run("doctor", "--json")
    assert done.code == 1
    assert sum(f["part"] == "configuration" and f["level"] == "problem" for f in done.json["findings"]) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_doctor_of_a_home_that_cannot_be_written(home: Home) -> None:
    home.data.mkdir(mode=0o500)
    done = await home.run("doctor", "--json")
    assert {"home"} <= {f["part"] for f in done.json["findings"] if f["level"] == "problem"}
    home.data.chmod(stat.S_IRWXU)


async def test_stdout_is_one_json_document(home: Home) -> None:
    for arguments in (["config", "show"], ["config", "check"], ["doctor"], ["db", "upgrade"]):
        done = await home.run(*arguments, "--json")
        json.loads(done.out)
