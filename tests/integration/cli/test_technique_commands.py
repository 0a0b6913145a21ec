"""``run --technique``: what is asked for reaches the task, with `serve` running and without."""

from journeyman.testing import Reply, Rule
from tests.integration.cli.conftest import Build


async def test_techniques_reach_the_task_and_mistakes_are_told(world: Build) -> None:
    home = await world(Rule(times=1, reply=Reply(text="So.\nAnswer: 3")), Rule(reply=Reply(text="Thus.\nAnswer: 4")))
    done = await home.run("run", "2 + 2?", "--technique", "self_consistency=3", "--technique", "chain_of_thought", "--json")
    assert (done.code, done.json["answer"], done.json["usage"]["model_calls"]) == (0, "4", 3), done.err
    for given, told in (("self_consistency=99", "less than or equal to 20"), ("tot", "no technique named 'tot'")):
        wrong = await home.run("run", "2 + 2?", "--technique", given)
        assert (wrong.code, wrong.out) == (2, "")
        assert told in wrong.err
