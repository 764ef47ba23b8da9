class Failure(Exception):
    """What a person has to be told; the message is the whole of it."""
