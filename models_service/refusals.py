"""PURE: whether a reply that could not be read declines to answer.

A heuristic: it looks at how a reply begins, in six languages. It is asked only of
what is no verdict, so a verdict is never taken for a refusal; a refusal that begins in
another way counts as unparsable, which leads to people as well.
"""

import re

_OPENINGS = (
    # English
    r"(?:i['\u2019]m |i am )?(?:very |so )?sorry",
    r"as an ai\b",
    r"unfortunately, i can",
    r"i['\u2019]m (?:unable|not able)",
    r"i (?:can(?:['\u2019]t|not)|won['\u2019]t|will not|am unable|must decline)",
    # German
    r"(?:es )?tut mir (?:sehr )?leid",
    r"entschuldigung",
    r"als (?:eine? )?(?:ki|künstliche intelligenz)\b",
    r"(?:leider )?(?:kann|darf|werde) ich (?:\w+ ){0,3}nicht",
    r"ich (?:kann|darf|werde|möchte) (?:\w+ ){0,5}nicht",
    # French
    r"(?:je suis )?(?:vraiment )?désolé",
    r"(?:malheureusement, )?je ne (?:peux|puis|suis pas en mesure)",
    r"en tant qu['\u2019](?:ia|intelligence artificielle)\b",
    # Spanish
    r"lo (?:siento|lamento)",
    r"(?:lamentablemente|desafortunadamente),? no",
    r"no (?:me es posible|puedo|me está permitido)",
    r"como (?:una )?(?:ia|inteligencia artificial)\b",
    # Chinese
    r"(?:非常|很|十分)?(?:抱歉|对不起|對不起)",
    r"我(?:无法|無法|不能)",
    r"作(?:为|為)(?:一个|一個|一名)?(?:ai|人工智能|人工智慧)",
    # Japanese
    r"(?:大変)?申し訳",
    r"すみません",
    r"恐れ入りますが",
    r"(?:その|この)?(?:ご)?(?:質問|依頼|要求|リクエスト)には(?:お)?(?:答え|応じ)",
)
_REFUSAL = re.compile("|".join(f"(?:{one})" for one in _OPENINGS), re.IGNORECASE)


def is_refusal(text: str) -> bool:
    """Tell whether a text begins as one does that declines."""
    return _REFUSAL.match(text.strip()) is not None
