-- Events of kind order, as 0001_events.sql, 0005_event_views.sql and 0010_identifiers.sql have the others'.

CREATE TABLE IF NOT EXISTS event_order (
    order_no String,
    check_id String,
    platform_code String,
    listing_id String,
    title Nullable(String),
    seller_code Nullable(String),
    producer_code Nullable(String),
    gtin Nullable(String),
    lot Nullable(String),
    stratum String,
    weight Int64,
    ticket String,
    officers Array(String),
    items Array(String),
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

CREATE OR REPLACE VIEW event_order_v AS
SELECT * FROM event_order
ORDER BY order_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY order_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_order AS
SELECT * FROM event_order
WHERE outcome = 'accepted'
ORDER BY order_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY order_no;

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_order TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('order_no', order_no),
        ('listing_id', listing_id),
        ('seller_code', ifNull(seller_code, '')),
        ('producer_code', ifNull(producer_code, '')),
        ('gtin', ifNull(gtin, '')),
        ('lot', ifNull(lot, ''))
    ])) AS used).2 AS identifier,
    'order' AS kind,
    used.1 AS field,
    order_no AS subject,
    publisher,
    platform_code,
    [ifNull(seller_code, ''), ifNull(producer_code, '')] AS parties
FROM event_order WHERE outcome = 'accepted';

-- Which order a laboratory's report is the result of, and under which seal the sample came.

ALTER TABLE event_inspection ADD COLUMN IF NOT EXISTS order_no Nullable(String) AFTER inspected_on;

ALTER TABLE event_inspection ADD COLUMN IF NOT EXISTS sample_no Nullable(String) AFTER order_no;

ALTER TABLE event_inspection ADD INDEX IF NOT EXISTS by_order_no order_no TYPE bloom_filter GRANULARITY 4;

CREATE OR REPLACE VIEW event_inspection_v AS
SELECT * FROM event_inspection
ORDER BY agency_code, report_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY agency_code, report_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_inspection AS
SELECT * FROM event_inspection
WHERE outcome = 'accepted'
ORDER BY agency_code, report_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY agency_code, report_no;
