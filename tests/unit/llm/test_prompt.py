from journal.values import Message, ToolCall
from llm.types import Prompt


def test_each_message_is_encoded_once_and_joined_in_order() -> None:
    encoded: list[str] = []

    def encode(message: Message) -> bytes:
        encoded.append(message.content)
        return message.content.encode()

    prompt = Prompt([Message(role="user", content="a"), Message(role="assistant", content="b")])
    assert prompt.encoded_size("f", encode) == 3
    assert prompt.encoded("f", encode) == b"a,b"
    prompt.append(Message(role="user", content="c"))
    assert prompt.encoded("f", encode) == b"a,b,c"
    assert encoded == ["a", "b", "c"]


def test_wire_formats_do_not_mix() -> None:
    prompt = Prompt([Message(role="user", content="a")])
    assert prompt.encoded("one", lambda _: b"1") == b"1"
    assert prompt.encoded("two", lambda _: b"2") == b"2"


def test_a_prompt_knows_the_ids_of_its_calls() -> None:
    prompt = Prompt([Message(role="assistant", tool_calls=(ToolCall(id="first", tool="t"),))])
    prompt.append(Message(role="assistant", tool_calls=(ToolCall(id="second", tool="t"),)))
    assert prompt.has_call("first")
    assert prompt.has_call("second")
    assert not prompt.has_call("third")
