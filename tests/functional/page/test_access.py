"""The page under the accessibility rules of axe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from acting import DOWN, open_tab, pick, rows
from many import tell_of

from local import defaults
from tests.support.place import request

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1920, 1280, 390])
def test_axe(page: Browser, place: Place, scheme: str, width: int) -> None:
    """Contrast, labels, roles and the rest: no violation, empty or full, in light and dark, at each width."""
    from tests.support.browser import AXE

    if not AXE.is_file():
        pytest.skip(f"axe-core is not here: npm ci --prefix {AXE.parents[2]}")
    page.look(width=width, height=844, scheme=scheme, motion="reduce")
    page.wait(lambda: page.all("#switches button") and page.all("#sample option"))
    assert page.axe() == []
    tell_of(place.cloud, 40)
    place.send(request("order-1"))
    place.send(request("order-2"), request("order-3"), queue=defaults.DEAD_LETTERS)
    place.cloud.faults.add([{"service": "ecs", "action": "CreateInstance", "effect": "lose-response"}] * 2)
    page.run("document.querySelector('#body').value = '{}'; document.querySelector('#form button').click()")
    page.wait(lambda: rows(page) and page.all("#answer li") and page.all("#switches [aria-checked=true]"))
    page.wait(lambda: len(page.all(".letter")) == 2 and page.all(".alert"), what="all is shown")
    for tab in ("Send",) if width == 1920 else ("Send", "Faults", "Stock", "Dead letters", "Cloud"):
        if width != 1920:
            open_tab(page, tab)
        assert page.axe() == []
    page.run("document.querySelector('#list').focus()")
    for _ in range(8):
        page.press(DOWN)
        assert page.axe() == []
    page.run("document.querySelector('#send-curl button').click()")
    assert page.axe() == []
    page.run("document.querySelector('#curl').hidePopover(); document.querySelector('#list').scrollTop = 0")
    pick(page, "order-1")
    for tab in ("Timeline", "Outcome", "Message"):
        open_tab(page, tab)
        page.wait(lambda tab=tab: page.all(f"#{tab.lower()} *"))
        assert page.axe() == []
    page.run("location.hash = '#/nobody'")
    page.wait(lambda: "has not seen" in page.texts("#detail-facts")[0])
    assert page.axe() == []
