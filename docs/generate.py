"""Write the pages of ``docs/reference`` that come from the code: ``python docs/generate.py [--check]``.

With ``--check`` nothing is written; it exits 1 where a page differs from what the code says.
"""

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

REFERENCE = Path(__file__).parent / "reference"
WIDTH = 100
MADE = "<!-- Made by docs/generate.py. Change the code, then run it again. -->"


def main(arguments: list[str]) -> int:
    pages = {"cli.md": cli_page(), "settings.md": settings_page(), "events.md": events_page(), "policy.md": policy_page()}
    if "--check" not in arguments:
        for name, text in pages.items():
            (REFERENCE / name).write_text(text, encoding="utf-8")
        return 0
    stale = [name for name, text in pages.items() if _written(REFERENCE / name) != text]
    for name in stale:
        sys.stderr.write(f"docs/reference/{name} is out of date: run `python docs/generate.py`.\n")
    return 1 if stale else 0


def _written(page: Path) -> str:
    return page.read_text(encoding="utf-8") if page.exists() else ""


def cli_page() -> str:
    """Every command's help, as a terminal of ``WIDTH`` columns shows it."""
    from typer.main import get_command

    from journeyman.cli.main import app

    root = get_command(app)
    sections = [section for name in root.commands for section in _command_sections(root.commands[name], f"journeyman {name}")]
    return _page("Command line", f"```text\n{_help(root, 'journeyman')}\n```", *sections)


def _command_sections(command: Any, path: str) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    yield f"## {path}" if path.count(" ") == 1 else f"### {path}"
    yield f"```text\n{_help(command, path)}\n```"
    for name in inner:
        yield from _command_sections(inner[name], f"{path} {name}")


def _help(command: Any, path: str) -> str:
    with command.context_class(command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH) as context:
        text: str = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.splitlines())


def settings_page() -> str:
    """Every setting: its key, type, default and limits."""
    from journeyman.settings import Settings

    intro = (
        "Defaults, then `journeyman.toml`, then `JOURNEYMAN_*` variables (nested keys with `__`), then flags. "
        "`journeyman init` writes a commented file, `journeyman config check` finds mistakes."
    )
    return _page("Settings", intro, *_settings_sections(Settings, ""))


def _settings_sections(model: type[BaseModel], path: str) -> Iterator[str]:
    if path:
        yield f"## `[{path}]`"
    yield _prose(model)
    fields = {name: field for name, field in model.model_fields.items() if not field.exclude}
    plain = {name: field for name, field in fields.items() if not _inner_model(field.annotation)}
    if plain:
        yield _table(("Key", "Type", "Default"), ((f"`{n}`", _setting_type(f), _default(f)) for n, f in plain.items()))
    for name, field in fields.items():
        inner = _inner_model(field.annotation)
        if inner is not None and name not in plain:
            named = ".NAME" if "dict" in str(field.annotation) else ""
            yield from _settings_sections(inner, f"{path}.{name}{named}".lstrip("."))


def _setting_type(field: Any) -> str:
    limits = [f"{sign} {getattr(m, name):g}" for m in field.metadata for name, sign in _LIMITS.items() if hasattr(m, name)]
    return ", ".join([type_name(field.annotation), *limits])


_LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _inner_model(arg)) is not None), None)


def events_page() -> str:
    """Every kind of event, and the values that events hold."""
    from journal.codec import KINDS
    from journal.events import Forgotten

    intro = (
        "A journal is a list of events: `seq`, `at` (UTC), `epoch`, `kind`, `schema_version` and `data`. "
        "This is what `data` holds for each kind."
    )
    families = ("tasks", "asking", "calls", "plans")
    kinds = [*sorted(KINDS.values(), key=lambda kind: families.index(kind.__module__.rpartition(".")[2])), Forgotten]
    sections = [section for kind in kinds for section in _model_sections(f"`{kind.kind}`", kind)]
    values = [section for value in _values_in(kinds) for section in _model_sections(value.__name__, value)]
    return _page("Events", intro, *sections, "# Values", "What the fields above are made of.", *values)


def policy_page() -> str:
    """What the policy decides of every kind of call."""
    from trust.table import POLICIES, TOOLS

    intro = (
        "What the policy decides of a call, by what kind of tool it is, who chose it, and what of it comes from outside: text "
        "that is private to the tenant and was written by others. How to classify: `docs/how-to/write-a-policy.md`."
    )
    titles = ("Tool", *_COLUMNS)
    sections = []
    for policy in POLICIES:
        rows = ((f"`{tool}`" if " " not in tool else tool, *_decisions(tool, policy)) for tool in TOOLS)
        sections += [f"## {policy if policy == 'default' else f'`{policy}`'}", _table(titles, rows)]
    return _page("Policy", intro, _CLASSES, *sections)


_COLUMNS = {
    "Plan, all its own": ("PLAN", {}),
    "Plan, what it says": ("PLAN", {"text": "MAIL"}),
    "Plan, what it hits": ("PLAN", {"which": "MAIL"}),
    "Plan, the same from a trusted source": ("PLAN", {"which": "LEDGER"}),
    "Plan, the same from a public page": ("PLAN", {"which": "PAGE"}),
    "Plan, whether it happens": ("PLAN", {"condition": "MAIL"}),
    "Plan made after reading": ("READ_PLAN", {}),
    "Turn before reading": ("TURN", {}),
    "Turn after reading": ("READ_TURN", {}),
}
_CLASSES = (
    "`workspace`, `vouched ...`: tools that no policy classifies, of the product, of the operator's Python files or of a "
    "trusted MCP server. `says it only reads`: one of an untrusted server. All others are classified in `[policy.tools]`. "
    "What a call hits are its arguments of the classes `recipient`, `url`, `path`, `id`, `amount`, `command` and of none; "
    "what it says those of `content` and `time`. A value that the person typed, or that a trusted tool returned, counts as "
    "the person's wherever it turns up whole (recipients, paths and ids of at least 6 characters, and URLs)."
)


def _decisions(tool: str, policy: str) -> Iterator[str]:
    from trust.table import Chooser, Origin, Situation, policy_named

    rules = policy_named(policy)
    for chooser, origins in _COLUMNS.values():
        given = {name: Origin[origin] for name, origin in origins.items()}
        yield rules.decide(Situation(Chooser[chooser], tool, policy, **given).facts).decision


def _model_sections(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {title}"
    version = getattr(model, "schema_version", 1)
    yield _prose(model) + (f" Schema version {version}." if version != 1 else "")
    notes = _field_notes(model)
    rows = (
        (f"`{field.alias or name}`", type_name(field.annotation), _default(field), notes.get(name, ""))
        for name, field in model.model_fields.items()
    )
    if model.model_fields:
        yield _table(("Field", "Type", "Default", "Meaning"), rows)


def _values_in(models: list[type[BaseModel]]) -> list[type[BaseModel]]:
    """The models that the fields of ``models`` lead to, each once, by name."""
    found: dict[str, type[BaseModel]] = {}
    waiting = list(models)
    while waiting:
        for field in waiting.pop().model_fields.values():
            for inner in _models_named_in(field.annotation):
                if inner.__name__ not in found:
                    found[inner.__name__] = inner
                    waiting.append(inner)
    return [found[name] for name in sorted(found)]


def _models_named_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for arg in get_args(annotation):
        yield from _models_named_in(arg)


def _field_notes(model: type[BaseModel]) -> Mapping[str, str]:
    """The texts that stand right under fields in the source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0].body  # type: ignore[attr-defined]
    pairs = pairwise(body)
    return {
        field.target.id: _one_line(note.value.value)
        for field, note in pairs
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(note)
    }


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def type_name(annotation: Any) -> str:
    """A type in the words of JSON."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_name(args[0])
    if origin in (Union, UnionType):
        return " or ".join(type_name(arg) for arg in args)
    if origin is Literal:
        return ", ".join(f"`{arg}`" for arg in args)
    if origin in (tuple, list):
        return f"list of {type_name(args[0])}"
    if origin is dict:
        return f"object of {type_name(args[1])}"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    return _PLAIN.get(getattr(annotation, "__name__", str(annotation)), getattr(annotation, "__name__", str(annotation)))


_PLAIN = {
    NoneType.__name__: "null",
    "str": "string",
    "SecretStr": "string",
    "Path": "path",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "datetime": "time",
    "JsonValue": "any JSON",
    "object": "any JSON",
}


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or (isinstance(value, (tuple, dict)) and not value):
        return "-"
    if isinstance(value, BaseModel):
        return f"`{value.model_dump_json()}`"
    if isinstance(value, Path | StrEnum):
        return f"`{value}`"
    return f"`{json.dumps(value.get_secret_value() if isinstance(value, SecretStr) else value)}`"


def _prose(thing: type) -> str:
    return _one_line(thing.__doc__ or "")


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")


def _table(titles: tuple[str, ...], rows: Any) -> str:
    lines = [titles, tuple("---" for _ in titles), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(title: str, *sections: str) -> str:
    return "\n\n".join([MADE, f"# {title}", *(section for section in sections if section)]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
