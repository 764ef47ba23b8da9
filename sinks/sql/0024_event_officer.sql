-- Events of kind officer, as 0001_events.sql, 0005_event_views.sql and 0010_identifiers.sql have the others'.

CREATE TABLE IF NOT EXISTS event_officer (
    bureau String,
    staff_no String,
    unit String,
    qualifications Array(String),
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
ORDER BY (bureau, staff_no, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE OR REPLACE VIEW event_officer_v AS
SELECT * FROM event_officer
ORDER BY bureau, staff_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY bureau, staff_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_officer AS
SELECT * FROM event_officer
WHERE outcome = 'accepted'
ORDER BY bureau, staff_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY bureau, staff_no;

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_officer TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('bureau', bureau),
        ('staff_no', staff_no)
    ])) AS used).2 AS identifier,
    'officer' AS kind,
    used.1 AS field,
    concat(bureau, '\x1f', staff_no) AS subject,
    publisher,
    '' AS platform_code,
    emptyArrayString() AS parties
FROM event_officer WHERE outcome = 'accepted';
