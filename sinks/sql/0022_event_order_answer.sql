-- Events of kind order_answer, as 0001_events.sql, 0005_event_views.sql and 0010_identifiers.sql have the others'.

CREATE TABLE IF NOT EXISTS event_order_answer (
    order_no String,
    answer String,
    actor String,
    sample Nullable(String),
    spare Nullable(String),
    party Nullable(String),
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
ORDER BY (order_no, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE OR REPLACE VIEW event_order_answer_v AS
SELECT * FROM event_order_answer
ORDER BY order_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY order_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_order_answer AS
SELECT * FROM event_order_answer
WHERE outcome = 'accepted'
ORDER BY order_no, publisher, event_id, occurred_at DESC, tie DESC, source_offset
LIMIT 1 BY order_no, publisher, event_id;
