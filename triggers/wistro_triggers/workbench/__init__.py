"""The workbench as the server sees it: the page, who is signed in, and what they may do."""
