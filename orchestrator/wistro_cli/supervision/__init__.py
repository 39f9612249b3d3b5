"""Processes that this one starts and keeps running: those of `wistro dev`, the workers of `wistro start`."""
