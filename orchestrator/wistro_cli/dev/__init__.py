"""`wistro dev`: everything that a project needs, kept running and loaded again when files change."""
