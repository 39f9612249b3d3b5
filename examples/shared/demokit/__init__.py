"""What demos of examples have in common: a project under `wistro dev`, and an orderly end."""
