"""Model calls about an answer that is there already: where one fails for good, the answer stands as it is."""

from journal.asking import Asking

MAX_FAILURES = 3


def is_lost(asking: Asking) -> bool:
    """Whether an aside will not be answered: it failed in a way that no time mends, or too often in a row."""
    if not asking.failures:
        return False
    last = asking.failures[-1]
    return not (last.again or last.transient) or len(asking.failures) >= MAX_FAILURES
