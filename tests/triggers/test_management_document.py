"""The published document of the management API is that of the code."""

from tests.triggers.management_document import DOCUMENT, as_text, management_document


async def test_published_document_is_current() -> None:
    current = as_text(await management_document())
    assert DOCUMENT.read_text(encoding="utf-8") == current, (
        "run `python -m tests.triggers.management_document`, then `npm run api` in `workbench/`"
    )
