"""`suyuan publish`: files in, events in the log, an answer for every record."""
