-- What could not be read, by its place in its topic. Bytes are kept as they came (String holds any bytes).

CREATE TABLE IF NOT EXISTS dead_letter (
    topic String,
    source_partition Int64,
    source_offset Int64,
    reason String,
    field Nullable(String),
    kind Nullable(String),
    key Nullable(String),
    payload String,
    payload_bytes Int64,
    received_at DateTime64(3, 'UTC')
) ENGINE = ${replacing}
ORDER BY (topic, source_partition, source_offset)
SETTINGS ${settings};
