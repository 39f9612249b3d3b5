"""Runs the machine on Temporal: workflows, built-in activities, and the engine that the rest of Wistro asks."""
