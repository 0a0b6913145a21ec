"""The kind of one ask, told from its words alone."""

import re
from dataclasses import replace

from llm.providers.rehearsal.asks import (
    BEYOND,
    FETCH,
    LIST,
    NOW,
    PATH,
    PERSON,
    QUESTION,
    QUOTED,
    READ,
    REMEMBER,
    SELF,
    SUMMARY,
    URL,
    WRITE,
    Ask,
)

_CREATIVE = re.compile(
    r"\b(?:write|compose|draft|create|make up|invent|generate|imagine|design|tell me|sing|give me)\b[^.?!]{0,40}"
    r"\b(?:poem|haiku|story|song|lyrics|essay|limerick|joke|novel|speech|letter|e-?mail|blog|article|code|program"
    r"|script|function|slogan|tweet|cover letter|proposal|sonnet|rap|fairy tale|dialogue|ad|advert|press release)s?\b",
    re.IGNORECASE,
)
_BEYOND = re.compile(
    r"\b(?:translat\w+|paraphras\w+|rewrite|rephrase|proofread|brainstorm|(?:your|an?|his|her|their|people's"
    r"|public) (?:honest |personal )?opinions?|do you (?:think|feel|believe|like)|should (?:i|we)\b|what would you"
    r"|recommend (?:me|a|an|some)|advise me|predict|ideas? for|sentiment|role-?play|pretend|meaning of life|draw (?:a"
    r"|an|me)|paint)\b",
    re.IGNORECASE,
)
_SELF = re.compile(
    r"^(?:hi|hello|hey)\W*$|^(?:who|what) are you\b|\bwhat (?:can|do) you do\b|^how are you\b|\bwhich model are you\b"
    r"|\bare you (?:an? )?(?:ai|llm|gpt|human|bot)\b",
    re.IGNORECASE,
)
_WRITE = re.compile(
    r"^(?:write|save|store|put|append|export|create|record|make|add|note|draft|print|report|generate|copy|list|draw up)\b",
    re.IGNORECASE,
)
_TARGET = re.compile(
    r"\b(?:to|in|into|as|called|named|at|under|file)\s+(?:an?\s+|the\s+"
    r"|my\s+)?(?:new\s+)?(?:\w+\s+)?(?:file\s+)?(?:called\s+|named\s+)?[\"'“`]?$",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"\b(?:list|show|what|which|display)\b[^?.]{0,30}\bfiles\b(?!\s+(?:say|mention|contain|describe))", re.IGNORECASE
)
_READ = re.compile(
    r"^(?:read|open|load|show|print|display|get|parse|use|look at|take)\b|\bworkspace\b|\bcontents? of\b", re.IGNORECASE
)
_REMEMBER = re.compile(
    r"^(?:remember|memori[sz]e|note|keep in mind|store in (?:your )?memory)\b(?:\s+(?:that|this"
    r"|the following))?[\s:,]*(?P<what>.+)$",
    re.IGNORECASE,
)
_PERSON = re.compile(r"^ask (?:me|the (?:user|person|operator|human|team))\b[\s:,]*(?P<what>.+)$", re.IGNORECASE)
_NOW = re.compile(
    r"^(?:what(?:'s|’s| is)?|tell me|give me|which|show)\s*(?:me\s+)?(?:is\s+)?(?:the\s+)?(?:current\s+)?(?:date|time"
    r"|day|weekday|year|month)\b(?:\s+and\s+(?:the\s+)?(?:date|time))?(?:\s+(?:is it|is|it is))?(?:\s+(?:right now|now"
    r"|today|currently|tomorrow"
    r"|yesterday))?(?:\s+(?:is it))?(?:\s+in\s+(?P<place>[A-Za-z_/ ]+?))?(?:\s+(?:right\s+)?now)?\s*\??$",
    re.IGNORECASE,
)
_SUMMARY = re.compile(r"\b(?:summari[sz]e|summary|overview|gist|key points|main points|outline|sum up)\b", re.IGNORECASE)


def classify(text: str) -> Ask:
    """The kind of one ask, from its words alone."""
    path = PATH.search(URL.sub(" ", text))
    if url := URL.search(text):
        return _with_url(text, url)
    if _SELF.search(text):
        return Ask(SELF, text)
    if (_CREATIVE.search(text) and not re.search(r"\bfile\b", text)) or _BEYOND.search(text):
        return Ask(BEYOND, text)
    if _WRITE.match(text) and (
        path or re.search(r"\b(?:to|in|into|as)\s+(?:a|the)\s+(?:new\s+)?(?:text\s+|markdown\s+)?file\b", text)
    ):
        return _write(text)
    if match := _REMEMBER.match(text):
        return Ask(REMEMBER, text, literal=match["what"])
    if match := _PERSON.match(text):
        return Ask(PERSON, text, literal=match["what"])
    if _LIST.search(text) and not path:
        return Ask(LIST, text)
    if _NOW.match(text) or re.match(r"^what(?:'s|’s| is) today(?:'s|’s)?(?: date)?\W*$", text, re.IGNORECASE):
        return Ask(NOW, text)
    if path and _READ.search(text):
        return Ask(READ, text, path=path.group())
    return Ask(SUMMARY if _SUMMARY.search(text) else QUESTION, text, path=path.group() if path else "")


def _with_url(text: str, url: re.Match[str]) -> Ask:
    address = url.group().rstrip(".,;:!?)]'\"")
    rest = text.replace(address, " ")
    if _WRITE.match(text) and PATH.search(rest):
        return replace(_write(text), url=address)
    return Ask(FETCH, rest.strip(), url=address)


def _write(text: str) -> Ask:
    targets = [m for m in PATH.finditer(text) if _TARGET.search(text[max(0, m.start() - 40) : m.start()])]
    target = targets[-1] if targets else next(iter(PATH.finditer(text)), None)
    path = target.group() if target else "answer.md"
    subject = text[: target.start()] + text[target.end() :] if target else text
    quoted = QUOTED.search(subject)
    literal = next((g for g in quoted.groups() if g), "") if quoted else ""
    adds = re.match(r"^(?:append|add)\b", text, re.IGNORECASE) is not None
    return Ask(WRITE, _subject(subject), path=path, literal=literal, adds=adds)


_WRITE_WORDS = re.compile(
    r"^(?:write|save|store|put|append|export|create|record|make|add|note|draft|print|report|generate|copy"
    r"|draw up)\b(?:\s+down)?|\b(?:to|in|into|as)\s+(?:an?|the)?\s*(?:new\s+|text\s+|markdown\s+)*files?\b"
    r"|\bfiles?\s+(?:called|named)\b"
    r"|\b(?:to|in|into|as|called|named|at)\s*[\"'“”`]*\s*(?=[.,;]?\s*$)|[\"“”`]",
    re.IGNORECASE,
)


def _subject(text: str) -> str:
    """What is to be written: the clause without verb, file and preposition."""
    return re.sub(r"\s+", " ", _WRITE_WORDS.sub(" ", text)).strip(" ,.;:")
