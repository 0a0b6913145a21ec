"""What lies outside a task and outlives its process: a model that keeps the bill, and a witness that counts effects."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web

from journeyman.selfcheck.scenarios import SCENARIOS
from journeyman.testing import Asked, StubServer
from journeyman.testing.stub.script import Answer, Reply, Usage

INPUT_USD, OUTPUT_USD = 0.001, 0.002
"""Prices of a token: high, so that rounding hides nothing."""

USED = Usage(input=2000, output=100)
"""What every answer is said to have used."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One call that reached the witness."""

    tool: str
    subject: str
    key: str


class Outside:
    """Serves many cases at once, each under its own name.

    A case's model is called ``SCENARIO@CASE``; its tools call ``{witness}/CASE/TOOL/SUBJECT``.
    """

    def __init__(self) -> None:
        self.effects: defaultdict[str, list[Effect]] = defaultdict(list)
        self._answers: Counter[str] = Counter()
        self._model = StubServer(self._decide)
        self._runner: web.AppRunner | None = None

    @property
    def model_url(self) -> str:
        return self._model.url

    @property
    def witness_url(self) -> str:
        if self._runner is None:
            raise RuntimeError("The witness is not there yet: use `async with Outside() as outside`.")
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    def counted(self, case: str) -> Counter[tuple[str, str]]:
        """How often each effect of a case arrived."""
        return Counter((effect.tool, effect.subject) for effect in self.effects[case])

    def bill(self, case: str) -> float:
        """USD for the answers that the model gave in a case, heard or not."""
        return self._answers[case] * (USED.input * INPUT_USD + USED.output * OUTPUT_USD)

    async def __aenter__(self) -> Self:
        await self._model.start()
        app = web.Application()
        app.router.add_post("/{case}/{tool}/{subject}", self._note)
        app.router.add_get("/{case}/{tool}/{subject}", self._count)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._model.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def _decide(self, asked: Asked) -> Answer | None:
        scenario, _, case = asked.model.partition("@")
        self._model.requests.clear()
        answer = SCENARIOS[scenario].play(asked)
        self._answers[case] += 1
        return answer.model_copy(update={"usage": USED}) if isinstance(answer, Reply) else answer

    async def _note(self, request: web.Request) -> web.Response:
        seen = request.match_info
        effect = Effect(seen["tool"], seen["subject"], request.headers.get("Idempotency-Key", ""))
        self.effects[seen["case"]].append(effect)
        return web.json_response(self.counted(seen["case"])[effect.tool, effect.subject])

    async def _count(self, request: web.Request) -> web.Response:
        seen = request.match_info
        return web.json_response(self.counted(seen["case"])[seen["tool"], seen["subject"]])
