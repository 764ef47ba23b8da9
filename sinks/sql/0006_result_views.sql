-- What is read of results: the current chain of each listing and its parts, alerts, dead letters. No row twice.

CREATE OR REPLACE VIEW chain_current AS
SELECT * FROM chain FINAL;

CREATE OR REPLACE VIEW chain_gap AS
SELECT
    platform_code, listing_id, verdict, seller_code, producer_code, gtin, lot, as_of, received_at,
    gap.gap AS gap, gap.class AS class, gap.subject AS subject, gap.detail AS detail, gap.evidence AS evidence
FROM chain FINAL
ARRAY JOIN gaps AS gap;

CREATE OR REPLACE VIEW chain_whole AS
SELECT *, version FROM chain_history
ORDER BY platform_code, listing_id, version DESC
LIMIT 1 BY platform_code, listing_id;

CREATE OR REPLACE VIEW chain_hop AS
SELECT
    platform_code, listing_id, position,
    hop.shipment_id AS shipment_id, hop.from_code AS from_code, hop.to_code AS to_code,
    hop.quantity AS quantity, hop.shipped_at AS shipped_at, hop.evidence AS evidence
FROM chain_whole
ARRAY JOIN hops AS hop, arrayEnumerate(hops) AS position;

CREATE OR REPLACE VIEW alert_current AS
SELECT * EXCEPT (version) FROM alert FINAL;

CREATE OR REPLACE VIEW alert_log AS
SELECT *, loaded_at FROM alert_history
ORDER BY alert_id, sequence
LIMIT 1 BY alert_id, sequence;

CREATE OR REPLACE VIEW dead_letter_v AS
SELECT * FROM dead_letter
ORDER BY topic, source_partition, source_offset
LIMIT 1 BY topic, source_partition, source_offset;
