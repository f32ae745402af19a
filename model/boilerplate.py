"""What mail programs and companies add to a text, which its author did not write.

Removed are the lines and header blocks that introduce a quotation, the footers of mailing lists and
phones, and legal notes in the last paragraphs. Rules are narrow: each needs words that hardly ever
stand together in what people write.
"""

from __future__ import annotations

import re

# Patterns begin with a line end, which is found fastest: texts are given one in front.
_QUOTED = r"\n[>| ]*"
_WROTE = re.compile(
    rf"{_QUOTED}(?:On|Le|Am|El|Il|Op|Em) (?=[^\n]*\d)[^\n]{{5,200}}?(?:\n[^\n]{{1,120}}?)?"
    r"(?:wrote|a écrit|schrieb[^\n]{0,60}|escribió|ha scritto|schreef[^\n]{0,60}|escreveu) ?:"
    r"[ \t]*(?=\n|\Z)"
)
_SEPARATOR = re.compile(
    rf"{_QUOTED}(?:-{{2,}} ?(?:Original|Forwarded) message ?-{{2,}}|Begin forwarded message:)"
    r"[ \t]*(?=\n|\Z)",
    re.IGNORECASE,
)
# As Outlook and others head a quotation. A mail's own header is the first paragraph.
_QUOTED_HEADER = re.compile(
    rf"{_QUOTED}(?=\n){_QUOTED}\*?(?:From|Von|De|Da|Van)\*? ?:[^\n]*"
    rf"(?:{_QUOTED}\*?(?:Sent|Date|To|Cc|Bcc|Subject|Reply-To|Importance|Gesendet|Datum|An|Betreff"
    r"|Envoyé|À|Objet|Enviado|Para|Asunto|Inviato|A|Oggetto|Verzonden|Aan|Onderwerp)\*? ?:"
    r"[^\n]*){2,}"
)
_PHONE = re.compile(
    r"\n(?:Sent from (?:my|Mail for|Yahoo|Proton|Outlook)|Get Outlook for|Envoyé de mon"
    r"|Von meinem \S+ gesendet|Enviado desde mi)[^\n]{0,60}"
)
_RULE = re.compile(rf"{_QUOTED}[_-]{{8,}}[ \t]*\n")
_LIST_FOOTER = re.compile(r"mailing list|subscri|/listinfo|/mailman|list archive", re.IGNORECASE)
_LONGEST_FOOTER = 1_500

# Words of legal and privacy notes, by their stems, and phrases of which a note has at least one.
_STEMS = frozenset(
    [
        "addressee",
        "attach",
        "company",
        "confid",
        "consent",
        "contact",
        "cookie",
        "copy",
        "data",
        "delete",
        "destro",
        "discl",
        "dissem",
        "distri",
        "email",
        "e-mail",
        "error",
        "expres",
        "gdpr",
        "immedi",
        "inform",
        "intend",
        "law",
        "lawful",
        "legal",
        "liabil",
        "liable",
        "mail",
        "messag",
        "monito",
        "notice",
        "notify",
        "opinio",
        "opt-ou",
        "person",
        "policy",
        "prefer",
        "privac",
        "privil",
        "proces",
        "prohib",
        "protec",
        "receiv",
        "recipi",
        "regist",
        "regula",
        "relian",
        "rights",
        "sender",
        "solely",
        "strict",
        "subscr",
        "terms",
        "third-",
        "transm",
        "unauth",
        "unsubs",
        "views",
        "virus",
        "viruses",
        "warran",
    ]
)
_STEM = 6
_PHRASES = (
    *("intended recipient", "intended for", "intended solely", "addressee", "in error"),
    *("confidential", "privacy policy", "privacy notice", "privacy statement", "your privacy"),
    *("privileged", "strictly prohibited", "unsubscribe", "opt out", "opt-out", "subscribed to"),
    *("views expressed", "opinions expressed", "data protection", "personal data", "gdpr"),
    *("personal information", "notify the sender", "you received this", "you are receiving"),
    *("disclaimer", "liability", "mailing list"),
)
_SIGNS = ("onfid", "ecipi", "rivac", "subscr", "rivil", "n error", "expres", "personal")
_TAIL = 300
_LEAST_STEMS = 4
_LEAST_SHARE = 0.12
_LEAST_FIRST = 2
_SHORT = 30
_MOST_PARAGRAPHS = 8
_MOST_LINES = 20


def without_quote_headers(text: str) -> str:
    """Return a text without what introduces quotations, and without footers of lists and phones."""
    text = "\n" + text
    if "essage" in text:
        text = _SEPARATOR.sub("", text)
    for pattern in (_WROTE, _QUOTED_HEADER, _PHONE):
        text = pattern.sub("", text)
    for rule in reversed([*_RULE.finditer(text)][-2:]):
        footer = text[rule.start() :]
        if len(footer) <= _LONGEST_FOOTER and _LIST_FOOTER.search(footer):
            text = text[: rule.start()]
    return text[1:]


def without_legal_notes(text: str) -> str:
    """Return a text without legal and privacy notes below it. The first paragraph always stays."""
    tail = text[-_TAIL:].lower()
    if not any(sign in tail for sign in _SIGNS):
        return text
    paragraphs = text.rstrip().split("\n\n")
    last = len(paragraphs) - 1
    kept = [
        _without_note(paragraph, may_vanish=number > 0)
        if number > last - _MOST_PARAGRAPHS
        else paragraph
        for number, paragraph in enumerate(paragraphs)
    ]
    return text if kept == paragraphs else "\n\n".join(filter(None, kept))


def _without_note(paragraph: str, *, may_vanish: bool) -> str:
    """Return a paragraph without a note that it is, or that follows its text on the next line."""
    lower = paragraph.lower()
    if not any(phrase in lower for phrase in _PHRASES):
        return paragraph
    lines = paragraph.split("\n")
    for start in range(max(0 if may_vanish else 1, len(lines) - _MOST_LINES), len(lines)):
        if _begins_note(lines[start]) and _is_legal_note("\n".join(lines[start:])):
            return "\n".join(lines[:start])
    return paragraph


def _begins_note(line: str) -> bool:
    """Return whether the first line of a note may be this."""
    lower = line.lower()
    return any(phrase in lower for phrase in _PHRASES) or len(_stems(lower)) >= _LEAST_FIRST


def _is_legal_note(paragraph: str) -> bool:
    """Return whether the words of a paragraph are those of legal notes."""
    lower = paragraph.lower()
    if not any(phrase in lower for phrase in _PHRASES):
        return False
    words = len(lower.split())
    if "unsubscribe" in lower and words <= _SHORT:
        return True
    stems = _stems(lower)
    return len(set(stems)) >= _LEAST_STEMS and len(stems) >= _LEAST_SHARE * words


def _stems(lower: str) -> list[str]:
    """Return the stems of legal words in a text in lower case."""
    words = (word.strip("\"'*()[].,:;!") for word in lower.split())
    return [word[:_STEM] for word in words if word[:_STEM] in _STEMS or word in _STEMS]
