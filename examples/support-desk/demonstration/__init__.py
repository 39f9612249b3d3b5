"""What `demo.py` is made of: nothing that a project needs."""
