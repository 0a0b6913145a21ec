"""A goal cut into asks: what is to be answered, and what is to be done with files, pages and memory."""

import re
from dataclasses import dataclass, replace

from llm.providers.rehearsal.language.words import content
from llm.providers.rehearsal.reading.passages import split_sentences

QUESTION, WRITE, READ, READ_BACK, LIST, FETCH, REMEMBER, PERSON, NOW, SUMMARY, BEYOND, SELF = (
    "question", "write", "read", "read back", "list", "fetch", "remember", "person", "now", "summary", "beyond", "self",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing asked. ``lead`` is the condition it stands under (``if we stay 3 nights``); ``path``, ``url`` and ``literal``
    (text to write, remember or ask) are set where the kind needs them."""

    kind: str
    text: str
    lead: str = ""
    path: str = ""
    url: str = ""
    literal: str = ""
    adds: bool = False
    """Whether a write leaves in the file what is there already."""

    @property
    def full(self) -> str:
        return f"{self.lead} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Goal:
    """``statements`` are sentences that ask nothing: conditions and facts for all asks."""

    asks: tuple[Ask, ...]
    statements: tuple[str, ...]
    text: str


MAX_ASKS = 12
MAX_SENTENCES = 400
_WH = r"(?:(?:at|in|on|by|for|from|to|until|since|with|under|of|through|between)\s+)?(?:what|which|who|whom|whose|when|where|why|how)(?:'s|’s)?"
_CLEAR = (
    r"(?:tell|give\s+me|find|calculate|compute|work\s+out|figure\s+out|add\s+up|convert|fetch|download|write|save|store|put|append|export|create|remember|memori[sz]e|summari[sz]e"
    r"|translate|look\s+up|compare|determine|multiply|divide|subtract|compose|visit|mail|send|delete|estimate|explain|describe|paraphrase|rewrite)"
)
_VAGUE = r"(?:show|list|read|open|get|load|count|check|name|note|record|report|state|quote|sum|add|total|ask|draft|search|extract|make|answer|say|print)"
_DETERMINED = r"(?=\s+(?:up\s+)?(?:me|us|it|the|them|my|our|your|this|that|these|those|all|each|every|a|an|both|how|what|which|who|when|where|whether|everything|[\w./-]+\.\w{2,4}\b))"
_AUX = r"(?:is|are|was|were|do|does|did|can|could|will|would|should|may|must|has|have|am)(?=\s)"
_HEAD = rf"(?:{_WH}|{_CLEAR}|{_VAGUE}{_DETERMINED})\b"
_NOUN_HEAD = r"(?:total|sum|average|mean|price|cost|costs|number|amount|difference|summary|distance|days|time)\s+(?:of|for|between|until|to)\b"
_POLITE = re.compile(
    r"^(?:(?:please|kindly|hi|hello|hey|ok|okay|now|then|next|finally|also|first|second|third|lastly|and|so|but|afterwards|after that"
    r"|(?:could|can|would|will) you(?: please)?|i(?:'d|’d| would) (?:like|love)(?: you)? to(?: know| see| find out)?|i (?:want|need)(?: you)? to(?: know| find out)?"
    r"|i (?:want|need) (?=the|a )|let me know|do you know|help me(?: to)?|i(?:'m| am|’m) (?:wondering|curious)|i was wondering"
    r"|using (?:the|my|our) (?:documents?|notes|files|memory)|(?:according to|based on|from|in) (?:the|my|our|these|those) (?:documents?|notes|docs|files|memory)"
    r"|(?:\d{1,2}|[a-h])[.)]|[-*•])[\s,:]+)+",
    re.IGNORECASE,
)
_IS_HEAD = re.compile(rf"(?:{_HEAD}|{_AUX}|{_VAGUE}\b(?!:)|{_NOUN_HEAD})", re.IGNORECASE)
_SPLIT = re.compile(
    rf"(?:[,;]\s*|\s+)(?:and\s+then|and\s+also|and\s+finally|and|then|also|but|finally|afterwards)\s+(?:please\s+)?(?={_HEAD})|[,;:]\s+(?:please\s+)?(?={_HEAD})|\s+[–—-]\s+(?={_WH}\b)",
    re.IGNORECASE,
)
PATH = re.compile(
    r"(?<![\w/.@:-])(?:[.~]{0,2}/)?(?:[\w-]{1,80}/){0,8}[\w][\w.-]{0,120}\.(?:md|markdown|txt|csv|tsv|json|jsonl|html?|log|ya?ml|rst|toml|ini|xml|pdf)\b",
    re.IGNORECASE,
)
URL = re.compile(r"https?://[^\s<>\"'“”]{1,2000}", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“]([^\"“”\n]{1,4000})[\"”]|(?<!\w)'([^'\n]{1,4000})'(?!\w)|`([^`\n]{1,4000})`")


def read_goal(text: str) -> Goal:
    """Cut ``text`` into asks and statements. A goal that asks nothing in so many words is one question as a whole."""
    asks: list[Ask] = []
    statements: list[str] = []
    for sentence in _sentences(text):
        found = _read_sentence(sentence)
        asks += found
        if not found:
            statements.append(sentence)
    if not any(ask.kind not in (WRITE, REMEMBER) or ask.literal for ask in asks) and statements:
        asks = [classify(statement) for statement in statements[-3:]] + asks
        statements = statements[:-3]
    return Goal(tuple(_read_back(asks[:MAX_ASKS])), tuple(statements[:400]), text)


_BACK = re.compile(
    r"^(?:show|print|display|read|open|quote|tell|check)\b[^.?!]{0,20}\b(?:it|(?:the|that|this) file|(?:its|the) contents?|what it says)\b[^.?!]{0,30}$",
    re.IGNORECASE,
)


def _read_back(asks: list[Ask]) -> list[Ask]:
    """``... write it to a.txt and show me the file`` and ``then read a.txt``: what was written is read behind the write."""
    found: list[Ask] = []
    for ask in asks:
        written = [a.path for a in found if a.kind == WRITE]
        again = ask.kind == READ and ask.path in written
        if written and (again or (ask.kind in (QUESTION, READ) and not ask.path and _BACK.match(ask.text.rstrip(" .?!")))):
            found.append(replace(ask, kind=READ_BACK, path=ask.path or written[-1]))
        elif ask.text and not (found and found[-1].kind == READ_BACK and _BACK.match(ask.text.rstrip(" .?!"))):
            found.append(ask)
    return found


_MARKER = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|\(?[a-h]\)|[-*•])\s+")


def _sentences(text: str) -> list[str]:
    lines = (_MARKER.sub("", line).strip() for line in text.splitlines())
    return [s for line in lines if line for s in split_sentences(line)][:MAX_SENTENCES]


def _read_sentence(sentence: str) -> list[Ask]:
    asks: list[Ask] = []
    lead = ""
    for fragment in _fragments(sentence):
        bare = _POLITE.sub("", fragment).strip()
        if not bare:
            continue
        if _IS_HEAD.match(bare) or (bare.endswith("?") and len(bare) > 1) or URL.search(bare):
            asks.append(replace(classify(bare), lead=lead))
            lead = ""
        elif asks:
            asks[-1] = replace(asks[-1], text=f"{asks[-1].text}, {bare}")
        else:
            lead = f"{lead} {bare}".strip()
    return asks


def _fragments(sentence: str) -> list[str]:
    """Cut before each new ask, never inside quotation marks."""
    quoted = [m.span() for m in _QUOTED.finditer(sentence)]
    cuts = [m for m in _SPLIT.finditer(sentence) if not any(a < m.start() < b for a, b in quoted)]
    starts = [0, *(m.end() for m in cuts)]
    ends = [*(m.start() for m in cuts), len(sentence)]
    return [sentence[a:b].strip() for a, b in zip(starts, ends, strict=True)]


_CREATIVE = re.compile(
    r"\b(?:write|compose|draft|create|make up|invent|generate|imagine|design|tell me|sing|give me)\b[^.?!]{0,40}"
    r"\b(?:poem|haiku|story|song|lyrics|essay|limerick|joke|novel|speech|letter|e-?mail|blog|article|code|program|script|function|slogan|tweet|cover letter|proposal|sonnet|rap|fairy tale|dialogue|ad|advert|press release)s?\b",
    re.IGNORECASE,
)
_BEYOND = re.compile(
    r"\b(?:translat\w+|paraphras\w+|rewrite|rephrase|proofread|brainstorm|(?:your|an?|his|her|their|people's|public) (?:honest |personal )?opinions?|do you (?:think|feel|believe|like)|should (?:i|we)\b|what would you"
    r"|recommend (?:me|a|an|some)|advise me|predict|ideas? for|sentiment|role-?play|pretend|meaning of life|draw (?:a|an|me)|paint)\b",
    re.IGNORECASE,
)
_SELF = re.compile(
    r"^(?:hi|hello|hey)\W*$|^(?:who|what) are you\b|\bwhat (?:can|do) you do\b|^how are you\b|\bwhich model are you\b|\bare you (?:an? )?(?:ai|llm|gpt|human|bot)\b",
    re.IGNORECASE,
)
_WRITE = re.compile(
    r"^(?:write|save|store|put|append|export|create|record|make|add|note|draft|print|report|generate|copy|list|draw up)\b",
    re.IGNORECASE,
)
_TARGET = re.compile(
    r"\b(?:to|in|into|as|called|named|at|under|file)\s+(?:an?\s+|the\s+|my\s+)?(?:new\s+)?(?:\w+\s+)?(?:file\s+)?(?:called\s+|named\s+)?[\"'“`]?$",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"\b(?:list|show|what|which|display)\b[^?.]{0,30}\bfiles\b(?!\s+(?:say|mention|contain|describe))", re.IGNORECASE
)
_READ = re.compile(
    r"^(?:read|open|load|show|print|display|get|parse|use|look at|take)\b|\bworkspace\b|\bcontents? of\b", re.IGNORECASE
)
_REMEMBER = re.compile(
    r"^(?:remember|memori[sz]e|note|keep in mind|store in (?:your )?memory)\b(?:\s+(?:that|this|the following))?[\s:,]*(?P<what>.+)$",
    re.IGNORECASE,
)
_PERSON = re.compile(r"^ask (?:me|the (?:user|person|operator|human|team))\b[\s:,]*(?P<what>.+)$", re.IGNORECASE)
_NOW = re.compile(
    r"^(?:what(?:'s|’s| is)?|tell me|give me|which|show)\s*(?:me\s+)?(?:is\s+)?(?:the\s+)?(?:current\s+)?(?:date|time|day|weekday|year|month)\b(?:\s+and\s+(?:the\s+)?(?:date|time))?(?:\s+(?:is it|is|it is))?(?:\s+(?:right now|now|today|currently|tomorrow|yesterday))?(?:\s+(?:is it))?(?:\s+in\s+(?P<place>[A-Za-z_/ ]+?))?(?:\s+(?:right\s+)?now)?\s*\??$",
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
    quoted = _QUOTED.search(subject)
    literal = next((g for g in quoted.groups() if g), "") if quoted else ""
    adds = re.match(r"^(?:append|add)\b", text, re.IGNORECASE) is not None
    return Ask(WRITE, _subject(subject), path=path, literal=literal, adds=adds)


_WRITE_WORDS = re.compile(
    r"^(?:write|save|store|put|append|export|create|record|make|add|note|draft|print|report|generate|copy|draw up)\b(?:\s+down)?|\b(?:to|in|into|as)\s+(?:an?|the)?\s*(?:new\s+|text\s+|markdown\s+)*files?\b|\bfiles?\s+(?:called|named)\b"
    r"|\b(?:to|in|into|as|called|named|at)\s*[\"'“”`]*\s*(?=[.,;]?\s*$)|[\"“”`]",
    re.IGNORECASE,
)


def _subject(text: str) -> str:
    """What is to be written: the clause without verb, file and preposition."""
    return re.sub(r"\s+", " ", _WRITE_WORDS.sub(" ", text)).strip(" ,.;:")


_ANAPHORA = frozenset(
    """
    result answer it them that this these those everything summary total both all find note value number report output
    line sentence figure work calculation source fact information detail conclusion outcome what you your found file
    new with contain short brief one page content text response markdown
""".split()
)


def refers_back(ask: Ask, others: list[Ask]) -> bool:
    """Whether a write asks only for what the other asks answer (``the result``, ``it``, or words they already have)."""
    own = [word for word in content(ask.text) if word not in _ANAPHORA]
    if not others:
        return False
    known = {word for other in others for word in content(other.full)}
    return all(word in known for word in own)
