import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from journal.errors import ConfigurationError, NotFound
from llm.router import Models
from llm.settings import ModelSettings, Price, RouteSettings


def model(provider: str = "openai_compatible", *, cost: float = 0.0, **more: object) -> ModelSettings:
    price = Price(input=cost, output=cost)
    return ModelSettings.model_validate(
        {"provider": provider, "model": "m", "base_url": "http://127.0.0.1:1/v1", "price": price, **more}
    )


def names(models: Models, role: str, only: list[str] | None = None) -> list[str]:
    return [candidate.name for candidate in models.candidates(role, only)]


def test_without_configuration_there_is_the_rehearsal_alone() -> None:
    models = Models({}, {})
    assert names(models, "act") == ["rehearsal"]
    assert models.get("rehearsal").price == Price(input=0, output=0)
    assert models.get("rehearsal").settings.provider == "rehearsal"


def test_a_role_has_its_own_route_else_the_default_else_every_model() -> None:
    configured = {"a": model(), "b": model(), "c": model()}
    routes = {"default": RouteSettings(models=("b", "c")), "plan": RouteSettings(models=("c",))}
    assert names(Models(configured, routes), "plan") == ["c"]
    assert names(Models(configured, routes), "act") == ["b", "c"]
    assert names(Models(configured, {"plan": RouteSettings(models=("c",))}), "act") == ["a", "b", "c"]


def test_cheapest_orders_by_price_and_keeps_the_order_of_equals() -> None:
    configured = {"dear": model(cost=10), "one": model(cost=1), "two": model(cost=1), "free": model(cost=0)}
    order = ("dear", "one", "two", "free")
    assert names(Models(configured, {"default": RouteSettings(models=order, strategy="cheapest")}), "act") == [
        "free",
        "one",
        "two",
        "dear",
    ]
    assert names(Models(configured, {"default": RouteSettings(models=order)}), "act") == list(order)


def test_only_filters_the_route_and_replaces_it_where_nothing_is_left() -> None:
    models = Models({"a": model(), "b": model(), "c": model()}, {"default": RouteSettings(models=("a", "b"))})
    assert names(models, "act", ["b", "a"]) == ["a", "b"]
    assert names(models, "act", ["c"]) == ["c"]
    with pytest.raises(NotFound, match="no model `d`"):
        models.candidates("act", ["d"])


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        Models({"strong": model(), "fast": model()}, {}).get("stron")
    assert "strong" in caught.value.hint


def test_every_mistake_is_in_one_error() -> None:
    configured = {"fast": model("openai_compatibel"), "paid": model(price=None)}
    routes = {"defualt": RouteSettings(models=("fats",))}
    with pytest.raises(ConfigurationError) as caught:
        Models(configured, routes)
    for part in ("`openai_compatible`", "models.paid", "price = { input = 0, output = 0 }", "`default`", "`fast`"):
        assert part in caught.value.message


def test_a_rehearsal_needs_no_price() -> None:
    assert names(Models({"r": model("rehearsal", price=None)}, {}), "act") == ["r"]


def test_a_provider_is_made_once_on_first_use() -> None:
    wrong = Models({"m": model(base_url=None)}, {}).get("m")
    with pytest.raises(ConfigurationError, match="no address"):
        _ = wrong.provider
    right = Models({"m": model()}, {}).get("m")
    assert right.provider is right.provider


async def test_closing_lets_the_next_use_make_a_new_provider() -> None:
    models = Models({"m": model(), "never_used": model()}, {})
    first = models.get("m").provider
    await models.aclose()
    assert models.get("m").provider is not first


def test_the_built_in_table_agrees_with_the_entry_points() -> None:
    from llm.router import _BUILT_IN

    points = metadata.entry_points(group="journeyman.providers")
    assert points
    assert all(_BUILT_IN[point.name] == point.value for point in points)


def test_neither_models_nor_providers_import_the_sdk_before_a_call() -> None:
    code = """
import sys
from llm.router import Models
from llm.settings import ModelSettings, Price
price = Price(input=0, output=0)
settings = ModelSettings(provider="openai_compatible", model="m", base_url="http://127.0.0.1:1/v1", price=price)
Models({"m": settings}, {}).get("m").provider
print([name for name in ("openai", "aiohttp", "httpx2") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_installed_package_can_bring_a_provider(tmp_path: Path) -> None:
    info = tmp_path / "visitor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: visitor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[journeyman.providers]\nvisitor = visitor:Visitor\n")
    (tmp_path / "visitor.py").write_text(
        "class Visitor:\n    def __init__(self, settings):\n        self.settings = settings\n"
    )
    code = """
from llm.router import Models
from llm.settings import ModelSettings, Price
settings = ModelSettings(provider="visitor", model="m", price=Price(input=0, output=0))
provider = Models({"m": settings}, {}).get("m").provider
print(type(provider).__name__, provider.settings is settings)
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "Visitor True"


def test_anthropic_asks_more_for_what_it_writes_to_its_cache() -> None:
    price = Price(input=4, output=20)
    made = {
        name: ModelSettings(provider=name, model="m", price=price) for name in ("anthropic", "bedrock", "vertex", "openai")
    }
    models = Models(made, {})
    assert [models.get(name).price.cache_write for name in made] == [5.0, 5.0, 5.0, None]
    own = ModelSettings(provider="anthropic", model="m", price=Price(input=4, output=20, cache_write=8))
    assert Models({"m": own}, {}).get("m").price.cache_write == 8
