"""What this runtime has to offer: tools, models and agents; and what was used."""

from fastapi import APIRouter
from fastapi.responses import Response

from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer
from api.schemas import AbsentTool, AgentDocument, AgentList, ModelDocument, ModelList, ToolDocument, ToolList
from journal.records import Totals

router = APIRouter(prefix="/v1", tags=["catalog"], route_class=StrictRoute)


@router.get("/tools", response_model=ToolList)
@needs(Role.VIEWER)
async def list_tools(runtime: Served, caller: Caller) -> Response:
    """Every tool, by name, and what cannot be used now. MCP servers that were not asked yet are asked."""
    await runtime.tools.refresh()
    tools = tuple(ToolDocument.of(tool) for tool in runtime.tools.all())
    return answer(ToolList.model_construct(tools=tools, absent=tuple(AbsentTool.of(a) for a in runtime.tools.absent())))


@router.get("/tools/{name}", response_model=ToolDocument, responses=may_fail(404))
@needs(Role.VIEWER)
async def show_tool(runtime: Served, caller: Caller, name: str) -> Response:
    """One tool."""
    await runtime.tools.refresh([name])
    return answer(ToolDocument.of(runtime.tools.get(name)))


@router.get("/models", response_model=ModelList)
@needs(Role.VIEWER)
async def list_models(runtime: Served, caller: Caller) -> Response:
    """Every model that is configured."""
    return answer(ModelList.model_construct(models=tuple(ModelDocument.of(model) for model in runtime.models.all())))


@router.get("/agents", response_model=AgentList)
@needs(Role.VIEWER)
async def list_agents(runtime: Served, caller: Caller) -> Response:
    """Every agent profile, by name."""
    agents = sorted(runtime.settings.agents.items())
    documents = tuple(AgentDocument(name=name, **dict(settings)) for name, settings in agents)
    return answer(AgentList.model_construct(agents=documents))


@router.get("/usage", response_model=Totals, responses=may_fail(503))
@needs(Role.VIEWER)
async def show_usage(runtime: Served, caller: Caller) -> Response:
    """What all tasks of the key's tenant come to: how many stand where, and what they spent together."""
    return answer(await runtime.journal.totals(caller.tenant))
