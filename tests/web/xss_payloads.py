"""Two hundred and more texts that would run in a careless page, made of the ways in times the ways to run.

Source of the shapes: the OWASP Cross Site Scripting Prevention and Filter Evasion cheat sheets, the HTML5 Security Cheatsheet
(html5sec.org); written down again here as shapes, not copied.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PAYLOADS"]

RUN: Final = "window.marbreHit=1"  # what the browser test looks for afterwards
_BREAKS: Final = ("", '">', "'>", "--></textarea></title></style></script>", "]]>", '" autofocus ')
_ELEMENTS: Final = (
    f"<script>{RUN}</script>",
    f"<ScRiPt>{RUN}</sCrIpT>",
    f"<script/x>{RUN}</script >",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<img src=x onerror={RUN}>",
    f"<img src=x\nonerror\n=\n{RUN}>",
    f"<img/src=x/onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f'<svg><a xlink:href="javascript:{RUN}"><text y=20>x</text></a></svg>',
    f"<math><mtext></p><style><img src onerror={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<video><source onerror={RUN}></video>",
    f"<body onload={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f'<iframe src="javascript:{RUN}"></iframe>',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    f'<object data="javascript:{RUN}"></object>',
    f'<embed src="javascript:{RUN}">',
    '<base href="//evil.example/">',
    f'<meta http-equiv=refresh content="0;url=javascript:{RUN}">',
    f'<form action="javascript:{RUN}"><button>x</button></form>',
    f'<button formaction="javascript:{RUN}">x</button>',
    f'<a href="javascript:{RUN}">x</a>',
    f'<a href="&#106;avascript:{RUN}">x</a>',
    f'<a href="java\tscript:{RUN}">x</a>',
    f'<a href="data:text/html,<script>{RUN}</script>">x</a>',
    '<link rel=stylesheet href="//evil.example/x.css">',
    "<style>@import'//evil.example/x.css';</style>",
    f"<template><script>{RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
)
_OTHERS: Final = (
    *(f"{scheme}:{RUN}" for scheme in ("javascript", "JaVaScRiPt", "vbscript", "data:text/html,x", " javascript", "java\nscript")),
    *(f'x" {handler}={RUN} y="' for handler in ("onmouseover", "onfocus", "onclick", "style", "onpointerenter", "onanimationstart")),
    "{{ 7*7 }}{% raw %}",
    "%(name)s %s %%",
    "&lt;script&gt;&amp;#60;",
    "<!--><script>1</script>-->",
    "<![CDATA[<script>1</script>]]>",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "\ufeff<script>1</script>",
    "\uff1cscript\uff1e1\uff1c/script\uff1e",
    "\u202e<script>1</script>",
    "</script><script>1</script>",
    "=cmd|' /C calc'!A0",
    "a\r\nSet-Cookie: x=1",
)
PAYLOADS: Final = tuple(dict.fromkeys((*(before + element for before in _BREAKS for element in _ELEMENTS), *_OTHERS)))
