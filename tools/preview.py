"""Showing a model the beginning and the end of a result that is too long to show whole."""


def preview(content: str, limit: int, handle: str) -> str | None:
    """At most ``limit`` characters of ``content`` around a line that says how to read on; ``None`` where all of it fits.

    ``handle`` is what ``read_result`` knows the whole by: the call's id.
    """
    if len(content) <= limit:
        return None
    head = limit * 3 // 4
    tail = limit - head
    left_out = len(content) - limit
    note = f'[{left_out} characters left out here; `read_result(handle="{handle}", offset={head})` reads on]'
    return f"{content[:head]}\n{note}\n{content[len(content) - tail :]}"
