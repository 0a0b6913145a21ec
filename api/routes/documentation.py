"""``/docs``: the OpenAPI document as a page for people. It has no script and loads nothing, from here or elsewhere."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

router = APIRouter()

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;text-transform:capitalize}
details{border:1px solid #d4d4dc;border-radius:6px;margin:.4rem 0;padding:.4rem .7rem}
summary{cursor:pointer}summary b{display:inline-block;min-width:4.2rem}code{font-size:.95em}
table{border-collapse:collapse;margin:.5rem 0}td,th{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0}
@media (prefers-color-scheme:dark){body{color:#e6e6ea;background:#17171b}details{border-color:#3a3a44}a{color:#9db7ff}}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_INTRO = (
    "Send the header <code>Authorization: Bearer KEY</code>; <code>journeyman keys create --name NAME</code> makes a key. "
    'Errors are RFC 9457 problem documents. For programs: <a href="/openapi.json">openapi.json</a>.'
)


@router.get("/docs", include_in_schema=False)
async def documentation(request: Request) -> Response:
    """Every route with its fields and answers."""
    return HTMLResponse(page_of(request.app.openapi()), headers={"content-security-policy": _POLICY})


def page_of(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as one HTML page."""
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation.get("tags", ["other"])[0], []).append(_operation(method, path, operation))
    routes = "".join(f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in groups.items())
    models = "".join(_model(name, schema) for name, schema in sorted(document["components"]["schemas"].items()))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>{title}</h1><p>{_INTRO}</p>{routes}<h2>Documents</h2>{models}</main></body></html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    roles = f"<p>Roles: {escape(', '.join(operation['x-roles']))}.</p>" if "x-roles" in operation else ""
    parameters = [(p["name"], p["in"], p.get("description", "")) for p in operation.get("parameters", ())]
    contents = operation.get("requestBody", {}).get("content", {}).items()
    bodies = "".join(f"<p>Body <code>{escape(kind)}</code>: {_type(content['schema'])}</p>" for kind, content in contents)
    answers = ((status, *_answer(response)) for status, response in sorted(operation["responses"].items()))
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
        f"<p>{escape(operation.get('description', ''))}</p>{roles}{_table(('Parameter', 'In', ''), parameters)}{bodies}"
        f"<table><tr><th>Status</th><th>Meaning</th><th>Document</th></tr>"
        f"{''.join(f'<tr><td>{s}</td><td>{escape(d)}</td><td>{t}</td></tr>' for s, d, t in answers)}</table></details>"
    )


def _answer(response: Mapping[str, Any]) -> tuple[str, str]:
    schemas = (content.get("schema", {}) for content in response.get("content", {}).values())
    return response.get("description", ""), " or ".join(_type(schema) for schema in schemas)


def _model(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{'' if field in required else '?'}</td><td>{_type(of)}</td>"
        f"<td>{escape(of.get('description', ''))}</td></tr>"
        for field, of in schema.get("properties", {}).items()
    )
    described = f"<p>{escape(schema.get('description', ''))}</p><table>{rows}</table>"
    return f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>{described}</details>'


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in a few words, with links to the documents it names."""
    return " or ".join(dict.fromkeys(_words(schema)))


def _words(schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        yield f'<a href="#{name}">{name}</a>'
    elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
        for alternative in alternatives:
            yield from _words(alternative)
    elif schema.get("type") == "array":
        yield f"list of {_type(schema.get('items') or schema.get('prefixItems', [{}])[0])}"
    elif "enum" in schema:
        yield from (f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    else:
        yield escape(str(schema.get("format") or schema.get("type") or schema.get("const") or "anything"))


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr>{body}</table>"
