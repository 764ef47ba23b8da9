-- Notes that people wrote with what they did. One that was erased is a row without text, which takes the place of the
-- first: in a view at once, in the table as soon as parts are merged, which they are when they have lain for an hour.

CREATE TABLE IF NOT EXISTS note (
    note_id String,
    alert_id Nullable(String),
    text Nullable(String),
    salt Nullable(String),
    author Nullable(String),
    written_at Nullable(DateTime64(3, 'UTC')),
    erased_at Nullable(DateTime64(3, 'UTC')),
    version UInt64 MATERIALIZED ifNull(toUnixTimestamp64Milli(erased_at), 0)
) ENGINE = ${replacing_version}
ORDER BY note_id
SETTINGS ${settings}, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE OR REPLACE VIEW note_v AS
SELECT * FROM note
ORDER BY note_id, version DESC
LIMIT 1 BY note_id;
