"""What the services of the example share: their words, and who may operate them."""
