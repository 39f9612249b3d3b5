"""What the support desk knows without Wistro: the shop's orders, and how customers put things."""
