-- The audit's tree: its entries, every complete node of it (filled from the entries, each of which carries those that are
-- complete with it), the roots, and what was signed. Nothing of it is ever replaced by something else: two rows that say
-- different things of one place both stay.

CREATE TABLE IF NOT EXISTS audit_entry (
    leaf_index Int64 CODEC(Delta, LZ4),
    leaf String,
    nodes Array(String),
    kind String,
    publisher String,
    event_id Nullable(String),
    digest Nullable(String),
    key String,
    source_topic String,
    source_partition Int64,
    source_offset Int64,
    received_at DateTime64(3, 'UTC'),
    raw Nullable(String),
    INDEX by_event event_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ${replacing}
ORDER BY (leaf_index, leaf)
SETTINGS ${settings};

CREATE TABLE IF NOT EXISTS audit_node (
    level UInt8,
    node_index Int64 CODEC(Delta, LZ4),
    hash String
) ENGINE = ${replacing}
ORDER BY (level, node_index, hash)
SETTINGS ${settings}, index_granularity = 256;

CREATE MATERIALIZED VIEW IF NOT EXISTS audit_node_of_entry TO audit_node AS
SELECT
    toUInt8((arrayJoin(arrayZip(arrayEnumerate(nodes), nodes)) AS node).1) AS level,
    bitShiftRight(leaf_index, level) AS node_index,
    node.2 AS hash
FROM audit_entry;

CREATE TABLE IF NOT EXISTS audit_root (
    size Int64,
    root String,
    received_at DateTime64(3, 'UTC')
) ENGINE = ${replacing}
ORDER BY (size, root)
SETTINGS ${settings};

CREATE TABLE IF NOT EXISTS audit_checkpoint (
    origin String,
    size Int64,
    root String,
    note String,
    signed_at DateTime64(3, 'UTC')
) ENGINE = ${replacing}
ORDER BY (origin, size, signed_at, root)
SETTINGS ${settings};

CREATE OR REPLACE VIEW audit_entry_v AS
SELECT * FROM audit_entry
ORDER BY leaf_index, leaf
LIMIT 1 BY leaf_index, leaf;

CREATE OR REPLACE VIEW audit_node_v AS
SELECT DISTINCT level, node_index, hash FROM audit_node;

CREATE OR REPLACE VIEW audit_root_v AS
SELECT * FROM audit_root
ORDER BY size, root
LIMIT 1 BY size, root;
