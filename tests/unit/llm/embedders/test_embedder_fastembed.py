"""The local embedder's refusals; its vectors need the optional package and a model."""

import importlib.util
import os
from pathlib import Path

import pytest

from journal.errors import ConfigurationError
from llm.embedders.embedder import make_embedder
from llm.errors import Unreachable
from llm.settings import EmbedderSettings

INSTALLED = importlib.util.find_spec("fastembed") is not None
MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@pytest.mark.skipif(INSTALLED, reason="fastembed is installed")
def test_without_the_package_the_error_says_how_to_get_it() -> None:
    with pytest.raises(ConfigurationError, match="not installed") as refusal:
        make_embedder(EmbedderSettings(provider="fastembed", model=MODEL))
    assert "journeyman[fastembed]" in refusal.value.hint


@pytest.mark.skipif(not INSTALLED, reason="the optional package fastembed is not installed")
def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no ONNX model"):
        make_embedder(EmbedderSettings(provider="fastembed", model=MODEL, folder=tmp_path))


@pytest.mark.skipif(not INSTALLED, reason="the optional package fastembed is not installed")
async def test_no_download_is_tried_where_the_hub_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path))
    embedder = make_embedder(EmbedderSettings(provider="fastembed", model=MODEL))
    assert embedder
    with pytest.raises(Unreachable, match="not on this machine"):
        await embedder.embed(["a"], "query")
    await embedder.aclose()


@pytest.mark.skipif(not INSTALLED, reason="the optional package fastembed is not installed")
@pytest.mark.skipif("JOURNEYMAN_TEST_ONNX" not in os.environ, reason="JOURNEYMAN_TEST_ONNX names no model folder")
async def test_a_model_in_a_folder_embeds() -> None:
    folder = Path(os.environ["JOURNEYMAN_TEST_ONNX"])
    embedder = make_embedder(EmbedderSettings(provider="fastembed", model=MODEL, folder=folder))
    assert embedder
    (one, two) = await embedder.embed(["a ship", "a vessel"], "document")
    assert len(one) == len(two) == embedder.dimensions
    await embedder.aclose()
