"""What techniques add to the instructions of a model."""

from collections.abc import Collection
from itertools import chain

from journal.errors import InvalidInput
from journal.techniques import Example, Techniques
from planners.prompts import load

PYTHON = "python"
"""The tool that runs the programs of ``program_aided``."""

_PROMPTS = {
    "few_shot": "few_shot_v1",
    "chain_of_thought": "chain_of_thought_v1",
    "self_consistency": "",
    "reflexion": "critique_v1",
    "program_aided": "program_aided_v1",
    "directional_stimulus": "directional_stimulus_v1",
}


def versions(used: Techniques) -> dict[str, str]:
    """The techniques in use, each with the version of its prompt, if it has one."""
    unused = Techniques()
    return {name: prompt for name, prompt in _PROMPTS.items() if getattr(used, name) != getattr(unused, name)}


def advised(instructions: str, used: Techniques, *, tools: bool = False) -> str:
    """The instructions and what the techniques in use add to them. ``tools``: the model is offered the task's."""
    parts = [instructions]
    if used.program_aided and tools:
        parts.append(load(_PROMPTS["program_aided"]))
    if used.chain_of_thought:
        parts.append(load(_PROMPTS["chain_of_thought"]))
    if used.few_shot:
        shown = (_shown(example, reasoned=used.chain_of_thought) for example in used.few_shot)
        parts += chain((load(_PROMPTS["few_shot"]),), shown)
    if used.directional_stimulus:
        parts.append("\n".join([load(_PROMPTS["directional_stimulus"]), *(f"- {hint}" for hint in used.directional_stimulus)]))
    return "\n\n".join(parts)


def check_tools(used: Techniques, tools: Collection[str]) -> None:
    """Raises ``InvalidInput`` where a technique needs a tool that the task has not."""
    if used.program_aided and PYTHON not in tools:
        raise InvalidInput(
            f"The technique program_aided needs a tool named `{PYTHON}`, and this task has none.",
            hint=f"Add `{PYTHON}` to the tools of the agent and of the task, or leave out program_aided.",
        )


def _shown(example: Example, *, reasoned: bool) -> str:
    """An example in the form that is asked of the model."""
    way = f"{example.reasoning.strip()}\n" if example.reasoning.strip() else ""
    answer = f"Answer: {example.answer}" if reasoned or way else example.answer
    return f"<example>\nGoal: {example.goal}\n\n{way}{answer}\n</example>"
