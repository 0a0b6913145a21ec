"""Ask questions about documents of your own: the answer cites where it was found.

No key and no server is needed: without a configured model, the built-in `rehearsal` answers.

    python examples/01_ask_your_documents.py
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

JOURNEYMAN = Path(sys.executable).parent / "journeyman"

HARBOUR = """# Harbour rules

The north quay takes vessels of up to 180 metres. Berth fees are 37 euros a metre and day.
"""
PILOTS = """# Pilots

Pilotage is compulsory above 90 metres. The pilot station answers on channel 12.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        documents = folder / "documents"
        documents.mkdir()
        (documents / "harbour.md").write_text(HARBOUR)
        (documents / "pilots.md").write_text(PILOTS)
        goal = "What is the berth fee per metre and day at the north quay, and what do 3 days cost for a vessel of 100 metres?"
        subprocess.run(
            [JOURNEYMAN, "run", "--docs", documents, goal],
            env={**os.environ, "JOURNEYMAN_HOME": str(folder / "home")},
            cwd=folder,
            check=True,
        )


if __name__ == "__main__":
    main()
