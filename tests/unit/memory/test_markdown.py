"""Markdown's structure, read line by line."""

from memory.ingest.chunks import Block
from memory.ingest.markdown import markdown_blocks, plain_blocks

DOCUMENT = """---
title: Rules
---
# Harbour

The north quay takes
vessels of up to 180 metres.

## Fees ##

| Quay | Fee |
|------|-----|
| North | 43 |

* per metre
* per day

  and night
1. twice

```python
# no heading
fee = 43
```

Pilots
------
Call first.

# Empty

## Also empty
"""


def shown(block: Block) -> tuple[str, str, str]:
    return block.kind, block.heading, str(block.place)


def test_every_kind_of_block_stands_under_its_headings_at_its_lines() -> None:
    blocks = markdown_blocks(DOCUMENT)
    assert [shown(block) for block in blocks] == [
        ("list", "", "line 2"),
        ("prose", "Harbour", "lines 6-7"),
        ("table", "Harbour > Fees", "lines 11-13"),
        ("list", "Harbour > Fees", "lines 15-19"),
        ("code", "Harbour > Fees", "lines 21-24"),
        ("prose", "Harbour > Pilots", "line 28"),
        ("prose", "Empty > Also empty", "line 32"),
    ]
    assert blocks[1].text == "The north quay takes\nvessels of up to 180 metres."
    assert blocks[4].text == "```python\n# no heading\nfee = 43\n```"


def test_a_heading_without_a_body_is_not_lost() -> None:
    assert [block.text for block in markdown_blocks("# Only this")] == ["Only this"]
    assert [block.text for block in markdown_blocks("# One\n# Two\n\ntext")] == ["One", "text"]


def test_text_right_under_a_heading_and_lines_of_any_system() -> None:
    (block,) = markdown_blocks("# Fees\r\nThe fee is 43.\r\n")
    assert (block.heading, block.text, str(block.place)) == ("Fees", "The fee is 43.", "line 2")


def test_an_unclosed_fence_runs_to_the_end() -> None:
    (block,) = markdown_blocks("```\n# not a heading\n\ncode")
    assert (block.kind, str(block.place)) == ("code", "lines 1-4")


def test_plain_text_is_split_at_blank_lines() -> None:
    blocks = plain_blocks("\n\none\ntwo\n\n \n# three\n")
    assert [(block.text, str(block.place)) for block in blocks] == [("one\ntwo", "lines 3-4"), ("# three", "line 7")]
    assert plain_blocks("") == []
