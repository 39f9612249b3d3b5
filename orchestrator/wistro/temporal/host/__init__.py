"""The engine and what it needs outside of workflows: connecting, listing, reading, repairing, schedules, the dev server."""
