"""Orders of spot checks: how they are issued and answered, and how others are told of them."""
