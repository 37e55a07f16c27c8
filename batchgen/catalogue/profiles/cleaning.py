"""Free text without what spoils a prompt, and prices as plain numbers. Pure.

Only what is certainly no part of the text goes: tags that HTML has, entities that end in `;`,
control and direction signs. `5 < 6 > 3` and `<NEW>` stay as they are.
"""

from __future__ import annotations

import html
import re

#: Elements whose content is no text.
_UNSEEN = re.compile(r"<(script|style)\b[^<>]*>|<!--", re.IGNORECASE)
#: Elements that do not part words.
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|nobr|q|s|samp|small|span"
    "|strike|strong|sub|sup|tt|u|var|wbr"
)
_BLOCK = (
    "address|area|article|aside|audio|base|blockquote|body|br|button|caption|center|col|colgroup|dd"
    "|details|dir|div|dl|dt|embed|fieldset|figcaption|figure|footer|form|frame|h[1-6]|head|header"
    "|hr|html|iframe|img|input|label|legend|li|link|main|map|menu|meta|nav|noscript|object|ol"
    "|optgroup|option|p|param|picture|pre|script|section|select|source|style|summary|svg|table"
    "|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|ul|video|[a-z]+:[a-z]+"
)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
#: How often entities were encoded, at most.
_TIMES_ENCODED = 3
#: Signs that cannot be seen. A joiner (U+200D) stays between the parts of an emoji.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u061c\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u2069\ufeff]|\u200d(?![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])"
)
_BLANKS = re.compile(r"\s+")

#: Signs of one currency alone; the others are given as they stand, since several share them.
_SIGNS = {"€": "EUR", "£": "GBP", "₽": "RUB", "₩": "KRW", "₹": "INR", "元": "CNY", "RMB": "CNY"}
_SHARED_SIGNS = {"¥": "¥", "￥": "¥", "$": "$", "US$": "USD", "HK$": "HKD", "NT$": "TWD"}
_CURRENCIES = (
    "AED|AUD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|NOK|NZD"
    "|PHP|PLN|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
_MARK = rf"(?:{_CURRENCIES}|RMB|US\$|HK\$|NT\$|[€£₽₩₹元¥￥$])"
_AMOUNT = r"\d[\d.,' \u00a0\u202f]*"
_PRICE = re.compile(rf"({_MARK})?\s*({_AMOUNT})\s*({_MARK})?", re.IGNORECASE)
_PLAIN = re.compile(r"\d+(?:\.\d+)?")
#: Thousands in groups of three, then what is surely a decimal part: two digits, or after another
#: sign than the groups have. `1,299` alone may be either and is left as it is.
_GROUPED = (
    (re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}"), ",", "."),
    (re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}"), ".", ","),
    (re.compile(r"\d{1,3}(?:[' ]\d{3})+(?:\.\d+)?"), "' ", "."),
    (re.compile(r"\d{1,3}(?:[' ]\d{3})+,\d+"), "' ", ","),
    (re.compile(r"\d+,\d{1,2}"), "", ","),
)


def is_clean(text: str) -> bool:
    """Tell quickly that `cleaned` has nothing to do; False only says that it must look."""
    return text.isprintable() and "<" not in text and "&" not in text and "  " not in text


def cleaned(text: str) -> str:
    """Give a text in one line, without markup, entities and invisible signs."""
    text = _without_markup(text)
    for _ in range(_TIMES_ENCODED):
        decoded = _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text
        if decoded == text:
            break
        text = _without_markup(decoded)
    text = _INVISIBLE.sub("", text)
    return _BLANKS.sub(" ", text).strip()


def _without_markup(text: str) -> str:
    if "<" not in text:
        return text
    text = _without_unseen(text)
    return _BLOCK_TAG.sub(" ", _INLINE_TAG.sub("", text))


def _without_unseen(text: str) -> str:
    """Leave scripts, styles and comments out, as far as they are closed."""
    kept, at, low = [], 0, text.lower()
    while opening := _UNSEEN.search(text, at):
        closing = f"</{opening[1].lower()}" if opening[1] else "-->"
        end = low.find(closing, opening.end())
        end = low.find(">", end) if end >= 0 else end
        if end < 0:
            break
        kept += [text[at : opening.start()], " "]
        at = end + 1
    return "".join([*kept, text[at:]])


def split_price(text: str) -> tuple[str, str]:
    """Part an amount from its currency: `1.299,00 €` gives `1299.00` and `EUR`.

    The currency is "" where none is written, and a sign that several countries share stands for
    itself (`¥`, `$`). A text of which either is in doubt is given back as it is.
    """
    if _PLAIN.fullmatch(text):
        return text, ""
    found = _PRICE.fullmatch(text.strip())
    if found is None or (found[1] and found[3]):
        return text, ""
    amount = _amount(found[2].strip().replace("\u00a0", " ").replace("\u202f", " "))
    return (text, "") if amount is None else (amount, _currency(found[1] or found[3] or ""))


def _amount(text: str) -> str | None:
    if _PLAIN.fullmatch(text):
        return text
    for shape, group_signs, decimal_sign in _GROUPED:
        if shape.fullmatch(text):
            kept = text.translate({ord(sign): None for sign in group_signs})
            return kept.replace(decimal_sign, ".")
    return None


def _currency(mark: str) -> str:
    mark = mark.upper()
    return _SIGNS.get(mark) or _SHARED_SIGNS.get(mark) or mark
