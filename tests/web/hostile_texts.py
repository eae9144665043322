"""Texts that a page must show and never run; every field of an article may hold one."""

from __future__ import annotations

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'\"--></style></script><svg onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt; &amp;amp; &#x3c;i&#x3e;",
    "<math><mtext></p><style><img src onerror=alert(1)>",
)
