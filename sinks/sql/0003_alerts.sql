-- Alerts: every change of each (alert_history, what blocks are inserted into), and how each stands (alert).
-- loaded_at is the order in which a follower sees them.

CREATE TABLE IF NOT EXISTS alert_history (
    alert_id String,
    rule String,
    rule_version Int64,
    severity String,
    title_zh String,
    title_en String,
    state String,
    change String,
    platform_code String,
    listing_id String,
    verdict String,
    seller_code Nullable(String),
    producer_code Nullable(String),
    gap_names Array(String),
    explanation_zh String,
    explanation_en String,
    triggering String,
    evidence Array(String),
    seller_division Nullable(String),
    producer_division Nullable(String),
    bureau Nullable(String),
    raised_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    sequence Int64,
    revision Int64,
    assessment Int64,
    loaded_at DateTime64(3, 'UTC') MATERIALIZED now64(3, 'UTC'),
    INDEX by_loaded_at loaded_at TYPE minmax GRANULARITY 1,
    INDEX by_listing listing_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (alert_id, sequence)
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS alert (
    alert_id String,
    rule String,
    rule_version Int64,
    severity String,
    title_zh String,
    title_en String,
    state String,
    change String,
    platform_code String,
    listing_id String,
    verdict String,
    seller_code Nullable(String),
    producer_code Nullable(String),
    gap_names Array(String),
    explanation_zh String,
    explanation_en String,
    triggering String,
    evidence Array(String),
    seller_division Nullable(String),
    producer_division Nullable(String),
    bureau Nullable(String),
    raised_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    sequence Int64,
    revision Int64,
    assessment Int64,
    version UInt64,
    INDEX by_listing listing_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing_version}
ORDER BY alert_id
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE MATERIALIZED VIEW IF NOT EXISTS alert_of_history TO alert AS
SELECT *, toUInt64(sequence) AS version FROM alert_history;
