"""Memory over HTTP: texts and files in, found with source and position, listed page by page, forgotten."""

from pathlib import Path
from typing import Any

import pytest

from api.settings import ApiSettings
from tests.integration.api.served_api import Api, serving

HARBOUR = """# Harbour rules

The north quay takes vessels of up to 180 metres.

# Pilots

The pilot station answers on channel 12.
"""


async def put(api: Api, **document: Any) -> dict[str, Any]:
    response = await api.client.post("/v1/memory/documents", json=document)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def found(api: Api, query: str, **more: Any) -> list[dict[str, Any]]:
    response = await api.client.post("/v1/memory/search", json={"query": query, **more})
    assert response.status_code == 200, response.text
    return list(response.json()["items"])


async def test_a_text_is_found_with_source_position_and_label(api: Api) -> None:
    done = await put(api, text=HARBOUR, source="harbour.md", metadata={"year": 2026})
    assert (done["source"], done["added"], done["items"]) == ("harbour.md", 1, 2)
    best = (await found(api, "which channel does the pilot station use", k=1))[0]
    assert "channel 12" in best["text"]
    assert best["source"] == "harbour.md"
    assert best["heading"] == "Pilots"
    assert best["position"]
    assert 0 <= best["score"] <= 1
    assert best["why"]
    assert best["label"] == {"from": ["memory:harbour.md"], "trust": "untrusted", "visibility": "private"}
    assert best["metadata"] == {"year": 2026}


async def test_the_same_again_costs_nothing_and_a_change_replaces(api: Api) -> None:
    await put(api, text="The fee is 10 euros.", source="fees.txt")
    again = await put(api, text="The fee is 10 euros.", source="fees.txt")
    assert (again["added"], again["unchanged"]) == (0, 1)
    await put(api, text="The fee is 12 euros.", source="fees.txt")
    assert [item["text"] for item in await found(api, "fee")] == ["The fee is 12 euros."]


async def test_an_uploaded_file_is_read_by_its_kind(api: Api) -> None:
    table = b"port,depth\nKiel,12\nEmden,9\n"
    response = await api.client.post("/v1/memory/documents", files={"file": ("ports.csv", table)})
    assert response.status_code == 201, response.text
    assert response.json()["source"] == "ports.csv"
    best = (await found(api, "depth of Emden"))[0]
    assert "Emden" in best["text"]
    assert best["position"].startswith("row")


async def test_an_upload_is_known_by_its_source_and_uploaded_again_unchanged(api: Api) -> None:
    form = {"source": "docs/harbour.md", "namespace": "port"}
    first, second = [
        (await api.client.post("/v1/memory/documents", files={"file": ("h.md", HARBOUR.encode())}, data=form)).json()
        for _ in range(2)
    ]
    assert (first["source"], first["added"]) == ("docs/harbour.md", 1)
    assert (second["added"], second["unchanged"]) == (0, 1)
    assert {item["source"] for item in await found(api, "quay", namespace="port")} == {"docs/harbour.md"}
    assert await found(api, "quay", namespace="elsewhere") == []


async def test_a_file_name_that_climbs_stays_a_name(api: Api, tmp_path: Path) -> None:
    for name in ("../../escape.txt", "..\\..\\escape.txt", "/etc/escape.txt"):
        response = await api.client.post("/v1/memory/documents", files={"file": (name, b"Some text.")})
        assert response.json()["source"] == "escape.txt"
    assert not list(tmp_path.rglob("escape*"))  # noqa: ASYNC240 - a look at a small folder


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.bin", b"\x7fELF\x00\x01\x02\x00" * 200, "binary"),
        ("a.txt", b"", "empty"),
        ("a.txt", "Gr\xf6\xdfe".encode("latin-1"), ""),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_by_name(api: Api, name: str, content: bytes, why: str) -> None:
    response = await api.client.post("/v1/memory/documents", files={"file": (name, content)})
    assert response.status_code == 422
    document = response.json()
    assert name in document["detail"]
    assert why in document["detail"]
    assert "journeyman-" not in response.text
    assert (await api.client.get("/v1/memory")).json()["items"] == []


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"text": "x"}},
        {"json": {"text": "", "source": "a"}},
        {"json": {"text": "x", "source": " "}},
        {"json": {"text": "x", "source": "a", "nmespace": "b"}},
        {"files": {"file": ("a.txt", b"x")}, "data": {"nmespace": "b"}},
        {"files": {"document": ("a.txt", b"x")}},
        {"files": {"file": ("", b"x")}},
    ],
)
async def test_a_document_that_is_no_document_is_refused(api: Api, request_: dict[str, Any]) -> None:
    response = await api.client.post("/v1/memory/documents", **request_)
    assert response.status_code == 422
    if "nmespace" in str(request_):
        assert "did you mean `namespace`?" in response.json()["detail"]


async def test_a_form_that_is_broken_is_refused(api: Api) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = await api.client.post("/v1/memory/documents", content=b"no form at all", headers=headers)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


async def test_uploads_have_a_limit_of_their_own(tmp_path: Path) -> None:
    settings = ApiSettings(port=0, max_body_bytes=1000, max_upload_bytes=5000)
    async with serving(tmp_path / "home", settings) as api:
        for size, status in ((3000, 201), (6000, 413)):
            upload = {"file": ("a.txt", b"word " * (size // 5))}
            assert (await api.client.post("/v1/memory/documents", files=upload)).status_code == status
        long = {"text": "word " * 600, "source": "a"}
        assert (await api.client.post("/v1/memory/documents", json=long)).status_code == 413


async def test_items_are_listed_in_pages_shown_and_forgotten(api: Api) -> None:
    for number in range(5):
        await put(api, text=f"Fact number {number}.", source=f"fact-{number}")
    listed: list[str] = []
    after: str | None = None
    while True:
        page = (await api.client.get("/v1/memory", params={"limit": 2, **({"after": after} if after else {})})).json()
        listed += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(listed) == len(set(listed)) == 5
    shown = (await api.client.get(f"/v1/memory/{listed[0]}")).json()
    assert shown["id"] == listed[0]
    assert (await api.client.delete(f"/v1/memory/{listed[0]}")).status_code == 204
    assert (await api.client.get(f"/v1/memory/{listed[0]}")).status_code == 404
    assert (await api.client.delete(f"/v1/memory/{listed[0]}")).status_code == 404


async def test_search_keeps_to_a_source(api: Api) -> None:
    await put(api, text="The quay is long.", source="a")
    await put(api, text="The quay is short.", source="b")
    assert [item["source"] for item in await found(api, "quay", filters={"source": "b"})] == ["b"]
    response = await api.client.post("/v1/memory/search", json={"query": "quay", "filters": {"sauce": "b"}})
    assert "filters.sauce: unknown field, did you mean `source`?" in response.json()["detail"]
