"""The events of a log as lines that `suyuan publish` takes, whatever version wrote it."""
