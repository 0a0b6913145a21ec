"""The embedded default model: a deterministic local program behind the same protocol as any language model.

How a goal becomes an answer, and where to find it:

1. ``provider`` gets the whole conversation at every turn and keeps nothing. ``conversation`` splits off the goal at hand and
   the results of the calls made for it; ``attached`` tells of files that came with it.
2. ``goal`` cuts the goal into asks and statements (``asks``); ``kinds`` tells from its words what each ask is: a question, a
   write, a page to fetch, something beyond the rules.
3. ``mind`` goes through the asks in order. It is straight code that runs from the start at every turn: ``toolbox`` returns the
   result of a call that was made already and raises ``Pending`` for any other, which then becomes the turn's tool call.
4. ``library`` finds passages by ``recall`` or reads them from files and pages. ``reading`` cuts them into segments that can be
   quoted (sentences, ``key: value`` lines, table rows), ranks these against a question, and finds amounts and tables in them.
5. ``solve`` tries the ways of answering one after the other, first those that need no documents. ``reckoning`` holds them, a
   module for each: sums, conversions, dates and deadlines, yes or no, comparisons, shares, rates times counts, tables. What
   none of them can answer ``lookup`` quotes, or says that it was not found.
6. ``language`` is the English underneath: words and synonyms, numbers, units, quantities with what they are per, dates.
7. ``compose`` writes the answers down with numbered sources, or ``structured`` as JSON of a schema. ``actions`` does what is
   done with the other tools.

A new way of answering is a function ``(question, evidence, means) -> Answer | None`` in ``reckoning``, named in ``solve``.
Rules are about language, never about one document: the batches of goals in the integration tests tell whether they carry.
"""

from llm.providers.rehearsal.provider import Rehearsal

__all__ = ["Rehearsal"]
