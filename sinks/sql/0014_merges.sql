-- Merges of sixteen parts of a size, not of ten: a row is written anew log(16) instead of log(10) times as the tables grow.
-- Measured, 150 inserts: events 1.8 times instead of 2.7, identifiers 1.7 instead of 2.0, names 2.9 instead of 3.3; who
-- reads looks into some more parts. chain_history has had this from the beginning (0002_chains.sql).
-- docs/decisions/0018-what-an-insert-costs.md

ALTER TABLE event_listing MODIFY SETTING merge_selector_base = 16;

ALTER TABLE identifier MODIFY SETTING merge_selector_base = 16;

ALTER TABLE name MODIFY SETTING merge_selector_base = 16;
