"""The workflows: deterministic, they feed events to the machine and carry out its commands."""
