-- Events of kind bureau, as 0001_events.sql, 0005_event_views.sql and 0010_identifiers.sql have the others'.

CREATE TABLE IF NOT EXISTS event_bureau (
    division String,
    name_zh String,
    name_en String,
    code Nullable(String),
    level String,
    handled_by Nullable(String),
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
ORDER BY (division, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE OR REPLACE VIEW event_bureau_v AS
SELECT * FROM event_bureau
ORDER BY division, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY division, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_bureau AS
SELECT * FROM event_bureau
WHERE outcome = 'accepted'
ORDER BY division, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY division;

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_bureau TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('code', ifNull(code, ''))
    ])) AS used).2 AS identifier,
    'bureau' AS kind,
    used.1 AS field,
    division AS subject,
    publisher,
    '' AS platform_code,
    [ifNull(code, '')] AS parties
FROM event_bureau WHERE outcome = 'accepted';
