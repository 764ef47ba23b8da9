"""The consumer group of the stages."""

GROUP = "suyuan"
