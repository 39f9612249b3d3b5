"""What `demo.py` is made of: the events, the rules to hold them against, and the surroundings."""
