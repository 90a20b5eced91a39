"""The page under the accessibility rules of axe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from many import tell_of

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe(page: Browser, place: Place, scheme: str, width: int) -> None:
    """Contrast, labels, roles and the rest: no violation, empty or full, in light and dark, on a desk and a phone."""
    from tests.support.browser import AXE

    if not AXE.is_file():
        pytest.skip(f"axe-core is not here: npm ci --prefix {AXE.parents[2]}")
    page.look(width=width, scheme=scheme)
    page.wait(lambda: page.all("#switches button") and page.all("#sample option"))
    assert page.axe() == []
    tell_of(place.cloud, 40)
    place.cloud.faults.add({"service": "ecs", "action": "CreateInstance", "effect": "lose-response"})
    page.run("document.querySelector('#body').value = '{}'; document.querySelector('#form button').click()")
    page.wait(lambda: page.all(".row") and page.all("#answer li") and page.all("#switches button[aria-checked=true]"))
    page.run("document.querySelector('#list').focus()")
    for _ in range(8):
        page.press("\ue015")
        page.wait(lambda: page.all("#timeline li"))
    assert page.axe() == []
