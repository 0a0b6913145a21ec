"""``journeyman models``: the models there are, and whether they answer."""

import asyncio
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from journeyman.cli.context import load_settings, run_async
from journeyman.cli.exits import Exit
from journeyman.cli.options import Json
from journeyman.cli.output import show_json, show_table

if TYPE_CHECKING:
    from journeyman.settings import Settings
    from llm.router import Model

app = typer.Typer(help="Look at the models, and test whether they answer.", no_args_is_help=True)

CHECK_SECONDS = 20.0
"""How long ``test`` waits for one model."""


@app.command("list")
def list_models(ctx: typer.Context, as_json: Json = False) -> None:
    """List the configured models: provider, price in USD per million tokens, window, and where each is used.

    \b
    Examples:
      journeyman models list
      journeyman models list --json
    """
    run_async(_list(load_settings(ctx), as_json))


async def _list(settings: "Settings", as_json: bool) -> None:
    from journeyman.connection import connect

    async with connect(settings) as client:
        models = (await client.models())["models"]
    models = [{**model, "used_by": list(uses_of(model["name"], settings))} for model in models]
    if as_json:
        show_json(models)
        return
    show_table(
        ("NAME", "PROVIDER", "MODEL", "IN", "OUT", "WINDOW", "USED BY"),
        (
            (m["name"], m["provider"], m["model"], *_price(m["price"]), m["context_window"], ", ".join(m["used_by"]))
            for m in models
        ),
        wide="USED BY",
    )


def uses_of(name: str, settings: "Settings") -> Iterable[str]:
    """The routes and agents that name a model; with no route at all, every model is a candidate."""
    if not settings.routes:
        yield "every role"
    for role, route in settings.routes.items():
        if name in route.models:
            yield f"routes.{role}"
    for agent, profile in settings.agents.items():
        if name in (profile.models or ()):
            yield f"agents.{agent}"


def _price(price: dict[str, float] | None) -> tuple[str, str]:
    return (f"${price['input']:g}", f"${price['output']:g}") if price else ("free", "free")


@app.command("test")
def try_models(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One model; without it all are tested.")] = None,
    as_json: Json = False,
) -> None:
    """Reach each model cheaply; says what is wrong and how to mend it, and exits 1 if one does not answer.

    \b
    Examples:
      journeyman models test
      journeyman models test fast --json
    """
    results = run_async(_test(load_settings(ctx), name))
    if as_json:
        show_json(results)
    else:
        show_table(
            ("NAME", "ANSWERS", "SECONDS", "FOUND"),
            ((r["name"], "yes" if r["ok"] else "no", f"{r['seconds']:.2f}", f"{r['detail']} {r['hint']}") for r in results),
            wide="FOUND",
        )
    if not all(result["ok"] for result in results):
        raise typer.Exit(Exit.FAILED)


async def _test(settings: "Settings", name: str | None) -> list[dict[str, Any]]:
    from llm.router import Models

    models = Models(settings.models, settings.routes)
    try:
        chosen = models.all() if name is None else [models.get(name)]
        return list(await asyncio.gather(*(check_model(model, CHECK_SECONDS) for model in chosen)))
    finally:
        await models.aclose()


async def check_model(model: "Model", seconds: float) -> dict[str, Any]:
    """Whether a model answers within ``seconds``: ``{name, ok, seconds, detail, hint}``."""
    from journal.errors import JourneymanError

    started = time.perf_counter()
    ok, hint = False, ""
    try:
        async with asyncio.timeout(seconds):
            detail = await model.provider.check()
        ok = True
    except TimeoutError:
        detail, hint = f"No answer within {seconds:g} s.", "Check its base_url, and that the server there is up."
    except JourneymanError as error:
        detail, hint = error.message, error.hint
    return {"name": model.name, "ok": ok, "seconds": round(time.perf_counter() - started, 3), "detail": detail, "hint": hint}
