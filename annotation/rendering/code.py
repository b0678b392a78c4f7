"""PURE: source code to HTML with a class for words of the language and for notes."""

import re
from collections.abc import Iterator
from functools import cache
from html import escape
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.token import Comment, Keyword, Literal, Operator, _TokenType
from pygments.util import ClassNotFound

# Many lexers cost the square of a long line, of a run of empty lines or of a long
# block. Within these bounds the worst one found takes 0.3 s for a text.
MAX_CODE = 10_000
MAX_ALL_CODE = 30_000
_COSTLY = re.compile(r"[^\n]{400}|(?:\n[ \t]*){12}")
_MAX_OF_SLOW = {"java": 2_500}

# Lexers that keep these bounds; any other language is shown plain.
_LANGUAGES = (
    "ada apl awk bash bat c c# c++ clojure cmake cobol coffeescript common-lisp "
    "console coq cpp csharp css cuda cython d dart delphi diff docker dockerfile "
    "elixir elisp elm erlang fortran fsharp glsl go golang graphql groovy haskell hs "
    "html http ini java javascript js json jsonc jsx julia kotlin latex lean lisp lua "
    "make makefile matlab nasm nginx nim nix objective-c objectivec ocaml octave "
    "pascal perl php postgresql powershell prolog properties protobuf py py3 pycon "
    "python python3 r racket rb react rs ruby rust sass scala scheme scss sh shell "
    "smalltalk solidity sparql sql svg swift systemverilog tcl tex toml ts tsx "
    "typescript vb.net verilog vhdl vim vue wat xml yaml yml zig zsh"
)
LANGUAGES = frozenset(_LANGUAGES.split())

_CLASSES: dict[_TokenType, str] = {
    Keyword: "token-word",
    Operator.Word: "token-word",
    Literal.Number: "token-word",
    Comment: "token-note",
}


def highlight(code: str, language: str) -> str:
    """Return the code as HTML: the same characters, words and notes in spans.

    A language that is not known, and code that would take long, come out plain.
    """
    lexer = _lexer(language.lower())
    limit = _MAX_OF_SLOW.get(language.lower(), MAX_CODE)
    if lexer is None or len(code) > limit or _COSTLY.search(code):
        return escape(code)
    pieces = list(_pieces(lexer, code))
    # A lexer that drops or adds a character must not change what is judged.
    if "".join(text for _, text in pieces) != code:
        return escape(code)
    return "".join(
        f'<span class="{name}">{escape(text)}</span>' if name else escape(text)
        for name, text in pieces
    )


def _lexer(language: str) -> Lexer | None:
    found = _lexer_class(language) if language in LANGUAGES else None
    # A lexer may remember where it is, so threads never share one.
    return found(stripnl=False) if found else None


@cache
def _lexer_class(language: str) -> type[Lexer] | None:
    try:
        found: type[Lexer] = find_lexer_class_by_name(language)
    except ClassNotFound:
        return None
    return found


def _pieces(lexer: Lexer, code: str) -> Iterator[tuple[str, str]]:
    tokens = ((_class_of(kind), text) for kind, text in lexer.get_tokens(code))
    for name, group in groupby(tokens, key=lambda token: token[0]):
        yield name, "".join(text for _, text in group)


def _class_of(kind: _TokenType) -> str:
    for ancestor in reversed(kind.split()):
        if ancestor in _CLASSES:
            return _CLASSES[ancestor]
    return ""
