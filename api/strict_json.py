"""JSON as RFC 8259 has it: UTF-8, no NaN, no number, string or nesting that could not be kept."""

import json
import math
from typing import Any

from api.problems import Fault


def parse_json(body: bytes) -> Any:
    """The value of a JSON text. Raises ``Fault`` (400) with what is wrong and where."""
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
    except UnicodeDecodeError:
        detail = "The body is not UTF-8."
    except UnicodeEncodeError:
        detail = "The body has half of a surrogate pair in a string."
    except RecursionError:
        detail = "The body is nested too deeply."
    except ValueError as error:
        detail = f"The body has a number that cannot be kept: {error}."
    else:
        return value
    raise Fault(400, detail, hint="Send JSON as RFC 8259 defines it, in UTF-8.") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is too large")
    return number
