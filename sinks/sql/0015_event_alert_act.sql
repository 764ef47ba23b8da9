-- Events of kind alert_act, as 0001_events.sql, 0005_event_views.sql and 0010_identifiers.sql have the others'.

CREATE TABLE IF NOT EXISTS event_alert_act (
    alert_id String,
    act String,
    actor String,
    basis Nullable(String),
    until Nullable(DateTime64(3, 'UTC')),
    assignee Nullable(String),
    resolution Nullable(String),
    takedown Bool,
    note_id Nullable(String),
    note_hash Nullable(String),
    occurred_at DateTime64(3, 'UTC'),
    publisher String,
    event_id String,
    outcome String,
    digest String,
    tie Int64,
    source_partition Int64,
    source_offset Int64 CODEC(Delta, LZ4),
    received_at DateTime64(3, 'UTC'),
    INDEX evidence event_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (alert_id, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE OR REPLACE VIEW event_alert_act_v AS
SELECT * FROM event_alert_act
ORDER BY alert_id, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY alert_id, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_alert_act AS
SELECT * FROM event_alert_act
WHERE outcome = 'accepted'
ORDER BY alert_id, publisher, event_id, occurred_at DESC, tie DESC, source_offset
LIMIT 1 BY alert_id, publisher, event_id;
