"""Path templates."""

from __future__ import annotations

import pytest

from wistro_triggers.paths import PathTemplate, split_path


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        ("/", b"/", {}),
        ("/orders", b"/orders", {}),
        ("/orders", b"/orders/", {}),
        ("/orders/:id", b"/orders/7", {"id": "7"}),
        ("/orders/{id}/lines/{line}", b"/orders/7/lines/2", {"id": "7", "line": "2"}),
        ("/orders/{id}", b"/orders/a%2Fb%20c", {"id": "a/b c"}),
        ("/files/*path", b"/files/a/b.txt", {"path": "a/b.txt"}),
        ("/files/*", b"/files", {"rest": ""}),
    ],
)
def test_matches(template: str, path: bytes, parameters: dict[str, str]) -> None:
    assert PathTemplate.parse(template).match(split_path(path)) == parameters


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/orders", b"/"),
        ("/orders", b"/orders/7"),
        ("/orders/:id", b"/orders"),
        ("/orders/:id/lines", b"/orders//lines"),
        ("/orders/:id", b"/orders/7/lines"),
        ("/orders/:id", b"/ORDERS/7"),
    ],
)
def test_does_not_match(template: str, path: bytes) -> None:
    assert PathTemplate.parse(template).match(split_path(path)) is None


def test_the_most_specific_comes_first() -> None:
    templates = ["/*rest", "/orders/:id", "/orders/new", "/:any/new"]
    ranked = sorted(map(PathTemplate.parse, templates), key=lambda template: template.rank)
    assert [str(template) for template in ranked] == [
        "/orders/new",
        "/orders/{id}",
        "/{any}/new",
        "/{rest}",
    ]
