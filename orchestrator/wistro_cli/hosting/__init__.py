"""`wistro start`: the parts of a project, put together in one process."""
