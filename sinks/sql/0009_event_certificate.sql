-- Events of kind certificate, as 0001_events.sql and 0005_event_views.sql have those of the others.

CREATE TABLE IF NOT EXISTS event_certificate (
    issuer_code String,
    certificate_no String,
    holder_code String,
    scheme String,
    gtin Nullable(String),
    products Array(String),
    valid_from Date32,
    valid_to Nullable(Date32),
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
    INDEX evidence event_id TYPE bloom_filter GRANULARITY 4,
    INDEX by_holder_code holder_code TYPE bloom_filter GRANULARITY 4,
    INDEX by_gtin gtin TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (issuer_code, certificate_no, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE OR REPLACE VIEW event_certificate_v AS
SELECT * FROM event_certificate
ORDER BY issuer_code, certificate_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY issuer_code, certificate_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_certificate AS
SELECT * FROM event_certificate
WHERE outcome = 'accepted'
ORDER BY issuer_code, certificate_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY issuer_code, certificate_no;
