-- Trace chains. chain_history keeps every assessment whole and is what blocks are inserted into; chain is the current
-- one of each listing without its nodes and hops, filled from the same insert: one decoding of the block (7 us a row)
-- instead of two, and lists over all listings read a third of the bytes.
-- Measured per row of 1.3 kB, 16,000 rows an insert: decoding 6 us, chain_history 7, chain 3, merges 8 (with the default
-- settings of merges 23, and 1.1 GiB instead of 0.2). Texts are plain String: LowCardinality takes 4 us a row more.
-- version: what orders the assessments of a listing (docs/ARCHITECTURE.md, which row is the current one).

CREATE TABLE IF NOT EXISTS chain_history (
    platform_code String,
    listing_id String,
    verdict String,
    status String,
    title Nullable(String),
    category Nullable(String),
    url Nullable(String),
    seller_code Nullable(String),
    producer_code Nullable(String),
    producer_name Nullable(String),
    gtin Nullable(String),
    lot Nullable(String),
    licence_no Nullable(String),
    price_fen Nullable(Int64),
    sold_30d Nullable(Int64),
    listed_at DateTime64(3, 'UTC'),
    listing_event String,
    gap_names Array(String),
    gaps Array(Tuple(gap String, class String, subject Nullable(String), detail Nullable(String), evidence Array(String))),
    nodes Array(Tuple(role String, id String, name Nullable(String), status Nullable(String), division Nullable(String), evidence Nullable(String))),
    hops Array(Tuple(shipment_id String, from_code String, to_code String, quantity Int64, shipped_at DateTime64(3, 'UTC'), evidence String)),
    seller_status Nullable(String),
    producer_status Nullable(String),
    seller_division Nullable(String),
    producer_division Nullable(String),
    seller_penalties Nullable(Int64),
    recall_level Nullable(Int64),
    as_of DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    revision Int64,
    assessment Int64,
    version UInt128 MATERIALIZED bitOr(bitShiftLeft(toUInt128(revision), 64), toUInt128(assessment))
) ENGINE = ${replacing}
ORDER BY (platform_code, listing_id, version)
SETTINGS ${settings}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 16, index_granularity = 1024;

CREATE TABLE IF NOT EXISTS chain (
    platform_code String,
    listing_id String,
    verdict String,
    status String,
    title Nullable(String),
    category Nullable(String),
    url Nullable(String),
    seller_code Nullable(String),
    producer_code Nullable(String),
    producer_name Nullable(String),
    gtin Nullable(String),
    lot Nullable(String),
    licence_no Nullable(String),
    price_fen Nullable(Int64),
    sold_30d Nullable(Int64),
    listed_at DateTime64(3, 'UTC'),
    listing_event String,
    gap_names Array(String),
    gaps Array(Tuple(gap String, class String, subject Nullable(String), detail Nullable(String), evidence Array(String))),
    seller_status Nullable(String),
    producer_status Nullable(String),
    seller_division Nullable(String),
    producer_division Nullable(String),
    seller_penalties Nullable(Int64),
    recall_level Nullable(Int64),
    as_of DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    revision Int64,
    assessment Int64,
    version UInt128
) ENGINE = ${replacing_version}
ORDER BY (platform_code, listing_id)
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE MATERIALIZED VIEW IF NOT EXISTS chain_of_history TO chain AS
SELECT * EXCEPT (nodes, hops), version FROM chain_history;
