-- What a hop forward asks for: the listings of a product or of a seller, the lots made from a lot. None of these begins
-- a sort key, and what there is of one lies scattered: a filter for each granule says which of them may hold any.
-- Measured, 2,000,000 listings, 40 of a product: 65 of 252 granules are read instead of all, in half the processor time;
-- an assessment takes 10.6 us to insert instead of 10.3.
-- Rows that were there before are given theirs in the background: until then they are read as they were.

ALTER TABLE chain ADD INDEX IF NOT EXISTS by_gtin gtin TYPE bloom_filter GRANULARITY 1;

ALTER TABLE chain ADD INDEX IF NOT EXISTS by_seller_code seller_code TYPE bloom_filter GRANULARITY 1;

ALTER TABLE event_lot ADD INDEX IF NOT EXISTS by_input tupleElement(inputs, 'lot') TYPE bloom_filter GRANULARITY 1;

ALTER TABLE chain MATERIALIZE INDEX by_gtin;

ALTER TABLE chain MATERIALIZE INDEX by_seller_code;

ALTER TABLE event_lot MATERIALIZE INDEX by_input;
