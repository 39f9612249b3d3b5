"""Where state, streams and the journal are kept: protocols, the providers, and the registry that opens them."""

from wistro.stores.journal import (
    EVERYTHING,
    LEVELS,
    Journal,
    JournalEntry,
    JournalFilter,
    JournalSink,
    Level,
)
from wistro.stores.registry import OpenState, open_journal, open_state, open_streams
from wistro.stores.state import Page, StateEntry, StateStore
from wistro.stores.stream import Place, StreamChange, StreamItem, StreamItems, StreamStore

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
    "Place",
    "StateEntry",
    "StateStore",
    "StreamChange",
    "StreamItem",
    "StreamItems",
    "StreamStore",
    "open_journal",
    "open_state",
    "open_streams",
]
