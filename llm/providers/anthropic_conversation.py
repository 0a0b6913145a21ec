"""A conversation as Anthropic's Messages API takes it: turns of blocks, the system prompt apart. Append-only."""

from typing import Any

from journal.values import ImagePart, Message, ToolCall
from llm.providers.wire import parts_of, to_bytes, wire_id, wire_name

FORMAT = "anthropic.messages"

CACHED = b',"cache_control":{"type":"ephemeral"}'
"""Goes before the closing brace of the block (or tool) that a breakpoint stands behind."""

_END_OF_TURN = b"]}"
_THOUGHTS = ("thinking", "redacted_thinking")


class MessagesConversation:
    """See ``llm.types.Conversation``. The bytes of what was added never change; breakpoints are set in a copy."""

    def __init__(self, model: str) -> None:
        self.system = b""
        """The system prompt's blocks, with a breakpoint on the last."""
        self.unthought = False
        """The newest calls came without a thought, as another model's do: the API then wants no thinking until they end."""
        self._instructions: list[str] = []
        self._model = model
        self._turns = bytearray()
        self._role = ""
        self._before = 0
        """Where the last user's turn before the newest answer ends."""

    def add(self, message: Message) -> None:
        """Neighbours of one role become one turn, as the results of calls made at once must."""
        if message.role == "system" and not self._turns:
            self._instruct(message.content)
            return
        blocks = self._assistant(message) if message.role == "assistant" else _user(message)
        if not blocks:
            return
        if message.role != "tool":
            self.unthought = bool(message.tool_calls) and blocks[0]["type"] not in _THOUGHTS
        role = "assistant" if message.role == "assistant" else "user"
        encoded = b",".join(map(to_bytes, blocks))
        if role == self._role:
            self._turns += b"," + encoded
            return
        if role == "assistant":
            self._before = len(self._turns)
        opening = b'{"role":"%b","content":[' % role.encode()
        self._turns += (_END_OF_TURN + b"," if self._turns else b"") + opening + encoded
        self._role = role

    @property
    def size(self) -> int:
        """At least the length of ``encoded``."""
        return len(self._turns) + len(_END_OF_TURN) + 2 * len(CACHED)

    def encoded(self) -> bytes:
        """The turns, with breakpoints behind the newest user's turn and the one before."""
        if not self._turns:
            return b""
        turns = memoryview(self._turns)
        pieces: list[bytes | memoryview] = []
        start = 0
        for end in (self._before, len(turns) if self._role == "user" else 0):
            if end > start:
                pieces += [turns[start : end - 1], CACHED]
                start = end - 1
        return b"".join((*pieces, turns[start:], _END_OF_TURN))

    def _instruct(self, text: str) -> None:
        if not text.strip():
            return
        self._instructions.append(text)
        blocks = to_bytes([{"type": "text", "text": said} for said in self._instructions])
        self.system = blocks[:-2] + CACHED + blocks[-2:]

    def _assistant(self, message: Message) -> list[dict[str, Any]]:
        return [_block(part) for part in parts_of(message, FORMAT, self._model) if not isinstance(part, str) or part.strip()]


def _block(part: str | ToolCall | dict[str, Any]) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, dict):
        return part
    return {"type": "tool_use", "id": wire_id(part.id), "name": wire_name(part.tool), "input": part.args}


def _user(message: Message) -> list[dict[str, Any]]:
    """The API refuses blocks of nothing but white space."""
    text = [{"type": "text", "text": message.content}] if message.content.strip() else []
    images = [_image(image) for image in message.images]
    if message.role != "tool":
        return [*images, *text] or [{"type": "text", "text": "(empty)"}]
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": wire_id(message.call_id or "")}
    if text or images:
        result["content"] = [*text, *images] if images else message.content
    if message.is_error:
        result["is_error"] = True
    return [result]


def _image(image: ImagePart) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": image.data}}
