-- Findings, what rules find about listings, and alerts, what is said of them to whoever is in charge: every change of
-- each (finding_history, alert_state_history, what blocks are inserted into), and how each stands (finding, alert_state).
-- The tables alert and alert_history hold what was said before alerts had desks; nothing is written to them any more.

CREATE TABLE IF NOT EXISTS finding_history (
    finding_id String,
    alert_id String,
    rule String,
    rule_version Int64,
    severity String,
    change String,
    subject_kind String,
    subject String,
    platform_code String,
    listing_id String,
    verdict String,
    title Nullable(String),
    seller_code Nullable(String),
    producer_code Nullable(String),
    gtin Nullable(String),
    lot Nullable(String),
    gap_names Array(String),
    listed_at DateTime64(3, 'UTC'),
    triggering String,
    evidence Array(String),
    seller_division Nullable(String),
    producer_division Nullable(String),
    bureau String,
    bureau_why String,
    basis String,
    raised_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    sequence Int64,
    revision Int64,
    assessment Int64,
    INDEX by_listing listing_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (alert_id, finding_id, sequence)
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS finding (
    finding_id String,
    alert_id String,
    rule String,
    rule_version Int64,
    severity String,
    change String,
    subject_kind String,
    subject String,
    platform_code String,
    listing_id String,
    verdict String,
    title Nullable(String),
    seller_code Nullable(String),
    producer_code Nullable(String),
    gtin Nullable(String),
    lot Nullable(String),
    gap_names Array(String),
    listed_at DateTime64(3, 'UTC'),
    triggering String,
    evidence Array(String),
    seller_division Nullable(String),
    producer_division Nullable(String),
    bureau String,
    bureau_why String,
    basis String,
    raised_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    sequence Int64,
    revision Int64,
    assessment Int64,
    version UInt64,
    INDEX by_listing listing_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing_version}
ORDER BY (alert_id, finding_id)
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE MATERIALIZED VIEW IF NOT EXISTS finding_of_history TO finding AS
SELECT
    finding_id, alert_id, rule, rule_version, severity, change, subject_kind, subject, platform_code, listing_id,
    verdict, title, seller_code, producer_code, gtin, lot, gap_names, listed_at, triggering, evidence,
    seller_division, producer_division, bureau, bureau_why, basis, raised_at, changed_at, received_at, sequence,
    revision, assessment,
    toUInt64(sequence) AS version
FROM finding_history;

CREATE TABLE IF NOT EXISTS alert_state_history (
    alert_id String,
    rule String,
    rule_version Int64,
    severity String,
    title_zh String,
    title_en String,
    subject_kind String,
    subject String,
    state String,
    handling String,
    change String,
    listings Int64,
    platforms Array(Tuple(platform_code String, listings Int64)),
    platform_code Nullable(String),
    listing_id Nullable(String),
    verdict String,
    seller_code Nullable(String),
    producer_code Nullable(String),
    gtin Nullable(String),
    lot Nullable(String),
    gap_names Array(String),
    explanation_zh String,
    explanation_en String,
    triggering String,
    evidence Array(String),
    seller_division Nullable(String),
    producer_division Nullable(String),
    bureau String,
    bureau_why String,
    basis String,
    newest_listed_at Nullable(DateTime64(3, 'UTC')),
    assignee Nullable(String),
    acknowledged_until Nullable(DateTime64(3, 'UTC')),
    resolution Nullable(String),
    act_event Nullable(String),
    act Nullable(String),
    actor Nullable(String),
    note_id Nullable(String),
    acted_at Nullable(DateTime64(3, 'UTC')),
    raised_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    sequence Int64,
    loaded_at DateTime64(3, 'UTC') MATERIALIZED now64(3, 'UTC'),
    INDEX by_loaded_at loaded_at TYPE minmax GRANULARITY 1,
    INDEX by_listing listing_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (alert_id, sequence)
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS alert_state (
    alert_id String,
    rule String,
    rule_version Int64,
    severity String,
    title_zh String,
    title_en String,
    subject_kind String,
    subject String,
    state String,
    handling String,
    change String,
    listings Int64,
    platforms Array(Tuple(platform_code String, listings Int64)),
    platform_code Nullable(String),
    listing_id Nullable(String),
    verdict String,
    seller_code Nullable(String),
    producer_code Nullable(String),
    gtin Nullable(String),
    lot Nullable(String),
    gap_names Array(String),
    explanation_zh String,
    explanation_en String,
    triggering String,
    evidence Array(String),
    seller_division Nullable(String),
    producer_division Nullable(String),
    bureau String,
    bureau_why String,
    basis String,
    newest_listed_at Nullable(DateTime64(3, 'UTC')),
    assignee Nullable(String),
    acknowledged_until Nullable(DateTime64(3, 'UTC')),
    resolution Nullable(String),
    act_event Nullable(String),
    act Nullable(String),
    actor Nullable(String),
    note_id Nullable(String),
    acted_at Nullable(DateTime64(3, 'UTC')),
    raised_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    sequence Int64,
    version UInt64,
    INDEX by_listing listing_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing_version}
ORDER BY alert_id
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE MATERIALIZED VIEW IF NOT EXISTS alert_state_of_history TO alert_state AS
SELECT
    alert_id, rule, rule_version, severity, title_zh, title_en, subject_kind, subject, state, handling, change,
    listings, platforms, platform_code, listing_id, verdict, seller_code, producer_code, gtin, lot, gap_names,
    explanation_zh, explanation_en, triggering, evidence, seller_division, producer_division, bureau, bureau_why,
    basis, newest_listed_at, assignee, acknowledged_until, resolution, act_event, act, actor, note_id, acted_at,
    raised_at, changed_at, received_at, sequence,
    toUInt64(sequence) AS version
FROM alert_state_history;

CREATE OR REPLACE VIEW alert_current AS
SELECT * EXCEPT (version) FROM alert_state FINAL;

CREATE OR REPLACE VIEW alert_log AS
SELECT *, loaded_at FROM alert_state_history
ORDER BY alert_id, sequence
LIMIT 1 BY alert_id, sequence;

CREATE OR REPLACE VIEW finding_current AS
SELECT * EXCEPT (version) FROM finding FINAL;
