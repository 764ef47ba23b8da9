-- Every delivery of every input event, once per place in its topic: the sort key begins with the business key, so the
-- versions of a record lie together, and ends with the place, so no delivery is folded into another's. digest: of what the
-- event says; two events of one id that say different things are two. tie: decides where nothing but that differs.
-- Texts are plain String: LowCardinality takes 1 us a row more to insert, and LZ4 packs repeats as well. Parts below 1 GiB
-- are compact and merged ten at a time: merging wide ones five at a time, the default, takes twice the processor time.

CREATE TABLE IF NOT EXISTS event_listing (
    platform_code String,
    listing_id String,
    status String,
    url Nullable(String),
    title String,
    category String,
    seller_code String,
    producer_code Nullable(String),
    producer_name Nullable(String),
    gtin Nullable(String),
    lot Nullable(String),
    licence_no Nullable(String),
    price_fen Int64,
    sold_30d Int64,
    ship_from Nullable(String),
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
ORDER BY (platform_code, listing_id, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_entity (
    code String,
    name String,
    status String,
    division Nullable(String),
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
ORDER BY (code, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_licence (
    licence_no String,
    holder_code String,
    categories Array(String),
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
    INDEX by_holder_code holder_code TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (licence_no, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_product (
    gtin String,
    producer_code String,
    name String,
    category String,
    requires_licence Bool,
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
    INDEX by_producer_code producer_code TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (gtin, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_lot (
    producer_code String,
    gtin String,
    lot String,
    produced_on Date32,
    expires_on Nullable(Date32),
    quantity Int64,
    inputs Array(Tuple(producer_code String, gtin String, lot String, quantity Int64)),
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
ORDER BY (producer_code, gtin, lot, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_shipment (
    shipment_id String,
    producer_code String,
    gtin String,
    lot String,
    from_code String,
    to_code String,
    quantity Int64,
    line Nullable(String),
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
    INDEX by_producer_code producer_code TYPE bloom_filter GRANULARITY 4,
    INDEX by_from_code from_code TYPE bloom_filter GRANULARITY 4,
    INDEX by_to_code to_code TYPE bloom_filter GRANULARITY 4,
    INDEX by_lot lot TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (from_code, shipment_id, producer_code, gtin, lot, to_code, ifNull(line, ''), publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_inspection (
    report_no String,
    agency_code String,
    producer_code String,
    gtin String,
    lot Nullable(String),
    purpose String,
    result String,
    failed_items Array(String),
    inspected_on Date32,
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
    INDEX by_producer_code producer_code TYPE bloom_filter GRANULARITY 4,
    INDEX by_gtin gtin TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (agency_code, report_no, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_recall (
    recall_no String,
    producer_code String,
    gtin String,
    lots Array(String),
    level Int64,
    reason String,
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
    INDEX by_gtin gtin TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (producer_code, recall_no, gtin, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_complaint (
    channel String,
    complaint_no String,
    platform_code Nullable(String),
    listing_id Nullable(String),
    subject_code Nullable(String),
    category String,
    complainant String,
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
ORDER BY (channel, complaint_no, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_penalty (
    decision_no String,
    subject_code String,
    division String,
    ground String,
    amount_fen Int64,
    status String,
    decided_on Date32,
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
    INDEX by_subject_code subject_code TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (division, decision_no, subject_code, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS event_day (
    date Date32,
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
ORDER BY (date, publisher, event_id, digest, source_partition, source_offset)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10;
