-- What is read of events: each once, and the current record of each business key.

CREATE OR REPLACE VIEW event_listing_v AS
SELECT * FROM event_listing
ORDER BY platform_code, listing_id, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY platform_code, listing_id, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_listing AS
SELECT * FROM event_listing
WHERE outcome = 'accepted'
ORDER BY platform_code, listing_id, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY platform_code, listing_id;

CREATE OR REPLACE VIEW event_entity_v AS
SELECT * FROM event_entity
ORDER BY code, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY code, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_entity AS
SELECT * FROM event_entity
WHERE outcome = 'accepted'
ORDER BY code, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY code;

CREATE OR REPLACE VIEW event_licence_v AS
SELECT * FROM event_licence
ORDER BY licence_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY licence_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_licence AS
SELECT * FROM event_licence
WHERE outcome = 'accepted'
ORDER BY licence_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY licence_no;

CREATE OR REPLACE VIEW event_product_v AS
SELECT * FROM event_product
ORDER BY gtin, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY gtin, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_product AS
SELECT * FROM event_product
WHERE outcome = 'accepted'
ORDER BY gtin, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY gtin;

CREATE OR REPLACE VIEW event_lot_v AS
SELECT * FROM event_lot
ORDER BY producer_code, gtin, lot, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY producer_code, gtin, lot, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_lot AS
SELECT * FROM event_lot
WHERE outcome = 'accepted'
ORDER BY producer_code, gtin, lot, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY producer_code, gtin, lot;

CREATE OR REPLACE VIEW event_shipment_v AS
SELECT * FROM event_shipment
ORDER BY from_code, shipment_id, producer_code, gtin, lot, to_code, ifNull(line, ''), publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY from_code, shipment_id, producer_code, gtin, lot, to_code, ifNull(line, ''), publisher, event_id, digest;

CREATE OR REPLACE VIEW current_shipment AS
SELECT * FROM event_shipment
WHERE outcome = 'accepted'
ORDER BY from_code, shipment_id, producer_code, gtin, lot, to_code, ifNull(line, ''), occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY from_code, shipment_id, producer_code, gtin, lot, to_code, ifNull(line, '');

CREATE OR REPLACE VIEW event_inspection_v AS
SELECT * FROM event_inspection
ORDER BY agency_code, report_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY agency_code, report_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_inspection AS
SELECT * FROM event_inspection
WHERE outcome = 'accepted'
ORDER BY agency_code, report_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY agency_code, report_no;

CREATE OR REPLACE VIEW event_recall_v AS
SELECT * FROM event_recall
ORDER BY producer_code, recall_no, gtin, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY producer_code, recall_no, gtin, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_recall AS
SELECT * FROM event_recall
WHERE outcome = 'accepted'
ORDER BY producer_code, recall_no, gtin, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY producer_code, recall_no, gtin;

CREATE OR REPLACE VIEW event_complaint_v AS
SELECT * FROM event_complaint
ORDER BY channel, complaint_no, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY channel, complaint_no, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_complaint AS
SELECT * FROM event_complaint
WHERE outcome = 'accepted'
ORDER BY channel, complaint_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY channel, complaint_no;

CREATE OR REPLACE VIEW event_penalty_v AS
SELECT * FROM event_penalty
ORDER BY division, decision_no, subject_code, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY division, decision_no, subject_code, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_penalty AS
SELECT * FROM event_penalty
WHERE outcome = 'accepted'
ORDER BY division, decision_no, subject_code, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY division, decision_no, subject_code;

CREATE OR REPLACE VIEW event_day_v AS
SELECT * FROM event_day
ORDER BY date, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY date, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_day AS
SELECT * FROM event_day
WHERE outcome = 'accepted'
ORDER BY date, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY date;
