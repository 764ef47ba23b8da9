"""Dead letters: naming them, choosing among them, sending them again."""
