"""A real report in a real browser, the network off."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_asks_for_nothing_but_itself(both, browser_page, lang):
    built = both[lang]
    asked: list[str] = []
    faults: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.on("pageerror", lambda error: faults.append(str(error)))
    browser_page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    browser_page.goto((built.folder / "report.html").as_uri())
    browser_page.wait_for_load_state("networkidle")
    outside = [url for url in asked if not url.startswith("data:")]
    assert outside == [(built.folder / "report.html").as_uri()] and faults == []
    links = browser_page.eval_on_selector_all("a[href]", "nodes => nodes.map(n => n.getAttribute('href'))")
    assert links and all(link.startswith("#") for link in links)
    assert all(browser_page.query_selector(link) for link in links), "a line of the contents leads nowhere"


def test_chinese_is_drawn_with_the_font_inside_the_page(both, browser_page):
    browser_page.goto((both["zh"].folder / "report.html").as_uri())
    loaded = browser_page.evaluate(
        "async () => { await document.fonts.ready; return [...document.fonts].filter(f => f.status == 'loaded').length }"
    )
    assert loaded >= 1
    # a character the font lacks would be as wide as the box that stands for it; these two differ in width
    widths = browser_page.evaluate(
        """() => ['客', 'i'].map(c => { const s = document.createElement('span'); s.textContent = c; s.style.position = 'absolute';
            document.body.append(s); const w = s.getBoundingClientRect().width; s.remove(); return w; })"""
    )
    assert widths[0] > 2 * widths[1]


def test_the_page_is_no_wider_than_a_phone(both, browser_page):
    browser_page.set_viewport_size({"width": 380, "height": 800})
    browser_page.goto((both["zh"].folder / "report.html").as_uri())
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 380
