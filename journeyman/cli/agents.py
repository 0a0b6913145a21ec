"""``journeyman agents``: the agent profiles there are."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.options import Json
from journeyman.cli.output import money, one_line, safe, show, show_json, show_table

if TYPE_CHECKING:
    from journeyman.client import Document
    from journeyman.settings import Settings

app = typer.Typer(help="Look at agent profiles.", no_args_is_help=True)


@app.command("list")
def list_agents(ctx: typer.Context, as_json: Json = False) -> None:
    """List the agent profiles.

    \b
    Examples:
      journeyman agents list
    """
    agents = run_async(_agents(load_settings(ctx)))
    if as_json:
        show_json(agents)
        return
    show_table(
        ("NAME", "PLANNER", "MODELS", "TOOLS", "STEPS", "COST"),
        (
            (
                a["name"],
                a["planner"],
                _or_all(a["models"]),
                _or_all(a["tools"]),
                a["budget"]["max_steps"],
                money(a["budget"]["max_cost_usd"]),
            )
            for a in agents
        ),
        wide="TOOLS",
    )


@app.command("show")
def show_agent(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile's name.")],
    as_json: Json = False,
) -> None:
    """Show one agent profile.

    \b
    Examples:
      journeyman agents show default
    """
    from journeyman.cli.lookup import pick

    agents = run_async(_agents(load_settings(ctx)))
    agent = pick("agent", name, {a["name"]: a for a in agents})
    if as_json:
        show_json(agent)
    else:
        show(_card(agent))


async def _agents(settings: "Settings") -> list["Document"]:
    from journeyman.connection import connect

    async with connect(settings) as client:
        agents: list[Document] = (await client.agents())["agents"]
    return agents


def _card(agent: "Document") -> str:
    budget = ", ".join(f"{name} {value:,}" for name, value in agent["budget"].items())
    lines = [
        f"{one_line(agent['name'])}",
        f"Planner: {agent['planner']}",
        f"Models:  {_or_all(agent['models'])}",
        f"Tools:   {_or_all(agent['tools'])}",
        f"Budget:  {budget}",
    ]
    if used := {name: value for name, value in agent["techniques"].items() if value not in (False, 1, [])}:
        lines.append(f"Techniques: {', '.join(_technique(name, value) for name, value in used.items())}")
    if agent["instructions"]:
        lines += ["Instructions:", *("  " + line for line in safe(agent["instructions"]).splitlines())]
    return "\n".join(lines)


def _technique(name: str, value: Any) -> str:
    return name if value is True else f"{name} ({value if isinstance(value, int) else len(value)})"


def _or_all(names: list[str] | None) -> str:
    return "all" if names is None else ", ".join(names) or "none"
