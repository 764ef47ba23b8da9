-- Events of kind check_item, as 0001_events.sql, 0005_event_views.sql and 0010_identifiers.sql have the others'.

CREATE TABLE IF NOT EXISTS event_check_item (
    item_no String,
    title String,
    item_class String,
    share_cap Nullable(Int64),
    status String,
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
ORDER BY (item_no, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE OR REPLACE VIEW event_check_item_v AS
SELECT * FROM event_check_item
ORDER BY item_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY item_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_check_item AS
SELECT * FROM event_check_item
WHERE outcome = 'accepted'
ORDER BY item_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY item_no;

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_check_item TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('item_no', item_no)
    ])) AS used).2 AS identifier,
    'check_item' AS kind,
    used.1 AS field,
    item_no AS subject,
    publisher,
    '' AS platform_code,
    emptyArrayString() AS parties
FROM event_check_item WHERE outcome = 'accepted';
