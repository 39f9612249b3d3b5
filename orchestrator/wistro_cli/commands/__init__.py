"""The commands, a module for each; what they need to do their work is imported when they do it."""
