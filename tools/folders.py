"""Tools from folders of plain Python files."""

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from journal.errors import ConfigurationError
from tools.functions import tool_from
from tools.types import Tool
from trust.digest import digest_bytes


def load_folder(folder: Path) -> list[Tool]:
    """Every tool in the Python files of ``folder``, file by file in the order of their names.

    Files whose names start with ``_`` hold no tools; the others may import them (``from ._common import ...``).
    Raises ``ConfigurationError`` naming the file and what is wrong with it.
    """
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise ConfigurationError(
            f"`[tools] folders` names {folder}, and there is no such folder.",
            hint="Make the folder, or take it out of `[tools] folders`.",
        )
    package = _package(folder)
    files = sorted(file for file in folder.glob("*.py") if not file.name.startswith("_"))
    return [tool for file in files for tool in module_tools(_load(package, file), origin="local")]


def module_tools(module: ModuleType, *, origin: str, version: str | None = None) -> Iterator[Tool]:
    """The public functions defined in ``module`` itself, in the order in which it names them."""
    seen: set[int] = set()
    for name, value in vars(module).items():
        own = inspect.isroutine(value) and getattr(value, "__module__", None) == module.__name__
        if own and not name.startswith("_") and id(value) not in seen:
            seen.add(id(value))
            yield tool_from(value, origin=origin, version=version)


def _package(folder: Path) -> str:
    """A package of our own around the folder; a second load reads its files again."""
    name = f"journeyman_tools_{digest_bytes(str(folder).encode())[:12]}"
    for loaded in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[loaded]
    package = ModuleType(name, f"The tools in {folder}.")
    package.__path__ = [str(folder)]
    sys.modules[name] = package
    importlib.invalidate_caches()
    return name


def _load(package: str, file: Path) -> ModuleType:
    try:
        return importlib.import_module(f"{package}.{file.stem}")
    except SyntaxError as error:
        raise ConfigurationError(
            f"{error.filename or file}, line {error.lineno}: {error.msg}.",
            hint="Mend the file, or take it out of the folder.",
        ) from error
    except ImportError as error:
        raise ConfigurationError(f"{file} could not be loaded: {error}.", hint=_import_hint(error, package)) from error
    except (Exception, SystemExit) as error:
        raise ConfigurationError(
            f"{file} could not be loaded: {type(error).__name__}: {error}.",
            hint="The file's top level must run without errors; mend it, or take it out of the folder.",
        ) from error


def _import_hint(error: ImportError, package: str) -> str:
    missing = error.name or ""
    if missing.startswith(package) or not isinstance(error, ModuleNotFoundError):
        return "Mend the import; a file beside it is imported as `from .NAME import ...`."
    return f"Install `{missing}` where journeyman is installed; a file beside it is imported as `from .{missing} import ...`."
