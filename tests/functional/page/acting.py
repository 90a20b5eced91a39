"""What a person does on the page and sees of it, for several tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.browser import Browser

DOWN, TAB, ENTER, ESCAPE = "\ue015", "\ue004", "\ue007", "\ue00c"


def choose_sample(page: Browser, name: str) -> None:
    """Pick a sample in the form."""
    page.wait(lambda: page.all("#sample option"), what="the samples are offered")
    select = "const list = document.querySelector('#sample');"
    script = f"{select} list.value = [...list.options].findIndex((one) => one.text.startsWith(arguments[0] + ':'));"
    page.run(f"{script} list.dispatchEvent(new Event('change'))", name)


def open_tab(page: Browser, name: str) -> None:
    """Choose a tab by the name it shows."""
    script = "[...document.querySelectorAll('[role=tab]')].find((one) => one.firstChild.textContent === arguments[0])"
    page.run(f"{script}.click()", name)


def kinds(page: Browser) -> list[str]:
    """Return the kinds of steps on the timeline."""
    return list(page.run("return [...document.querySelectorAll('#timeline > li')].map((one) => one.dataset.kind)"))


def rows(page: Browser) -> list[str]:
    """Return the ids of the rows that exist, from the top of the list."""
    return list(
        page.run("""return [...document.querySelectorAll('.row:not([hidden])')]
        .sort((a, b) => a.getAttribute('aria-posinset') - b.getAttribute('aria-posinset'))
        .map((one) => one.dataset.id)""")
    )


def station(page: Browser, name: str) -> int:
    """Return how many requests stand at a station."""
    return int(page.texts(f"[data-station={name}] b")[0])


def shown(page: Browser) -> str:
    """Return the id of the request that is shown."""
    return page.texts("#detail-title")[0]


def state(page: Browser) -> str:
    """Return the state of the request that is shown."""
    return "".join(page.texts("#detail-state .state"))


def pick(page: Browser, request_id: str) -> None:
    """Click a row."""
    page.wait(lambda: request_id in rows(page), what=f"{request_id} is in the list")
    page.run("document.querySelector(`.row[data-id='${arguments[0]}']`).click()", request_id)
    page.wait(lambda: shown(page) == request_id, what=f"{request_id} is shown")


def alerts(page: Browser) -> list[str]:
    """Return what is said at the top, each with what to do."""
    return page.texts(".alert")
