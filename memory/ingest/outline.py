"""The headings above the place that is being read."""

from memory.ingest.chunks import Block, Kind, Place


class Outline:
    """Collects blocks under the path of their headings. A heading that nothing stands under becomes a block itself."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._bare: Place | None = None

    def open(self, level: int, title: str, place: Place) -> None:
        """A heading; it closes those of its level and below."""
        if self._path and self._path[-1][0] >= level:
            self.close()
        # A page's title is often its first heading again.
        above = [entry for entry in self._path if entry[0] < level and entry[1] != title]
        self._path = [*above, (level, title)]
        self._bare = place

    def add(self, text: str, place: Place, kind: Kind, head: int = 0) -> None:
        if text.strip():
            self.blocks.append(Block(text, place, kind, self._heading(), head))
            self._bare = None

    def close(self) -> None:
        """No more stands under the last heading."""
        if self._bare is not None and self._path[-1][1]:
            self.blocks.append(Block(self._path[-1][1], self._bare, "prose", self._heading()))
        self._bare = None

    def _heading(self) -> str:
        return " > ".join(title for _, title in self._path if title)
