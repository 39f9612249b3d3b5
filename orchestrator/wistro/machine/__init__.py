"""The machine: the pure state machine that decides what a run does next.

Standard library only, no clock, no I/O. Drivers apply events and carry out commands.
"""
