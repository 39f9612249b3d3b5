"""Where state and the journal are kept: protocols, the providers, and the registry that opens them."""

from wistro.stores.journal import (
    EVERYTHING,
    LEVELS,
    Journal,
    JournalEntry,
    JournalFilter,
    JournalSink,
    Level,
)
from wistro.stores.registry import OpenState, open_journal, open_state
from wistro.stores.state import Page, StateEntry, StateStore

__all__ = [
    "EVERYTHING",
    "LEVELS",
    "Journal",
    "JournalEntry",
    "JournalFilter",
    "JournalSink",
    "Level",
    "OpenState",
    "Page",
    "StateEntry",
    "StateStore",
    "open_journal",
    "open_state",
]
