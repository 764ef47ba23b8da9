-- Which dead letters were sent again, and where to. What became of each is told by its new place.

CREATE TABLE IF NOT EXISTS dead_letter_replay (
    topic String,
    source_partition Int64,
    source_offset Int64,
    replayed_partition Int64,
    replayed_offset Nullable(Int64),
    edited Bool,
    replayed_at DateTime64(3, 'UTC')
) ENGINE = ${replacing}
ORDER BY (topic, source_partition, source_offset, replayed_at)
SETTINGS ${settings};

CREATE OR REPLACE VIEW dead_letter_replay_v AS
SELECT * FROM dead_letter_replay
ORDER BY topic, source_partition, source_offset, replayed_at
LIMIT 1 BY topic, source_partition, source_offset, replayed_at;
