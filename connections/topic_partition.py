"""A partition of a topic, whatever the log: what readers, groups and states name places by."""

TopicPartition = tuple[str, int]
"""topic and number of the partition"""
