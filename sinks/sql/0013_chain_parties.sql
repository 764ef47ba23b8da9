-- Nodes and hops of chains, each once for all chains that have the same: chain_history names them, and keeps them itself
-- only in rows of a former version, where `parties` is empty. Without these two columns an assessment is a third of its
-- bytes. The node of a platform is no party: it follows from its code (domain/chain/divisions.py), and would multiply
-- the rest by the platforms that a seller is on.
-- A chain whose parties are not loaded yet has no nodes at all.
-- Of a few listings the view reads their chains first, and of the parties what these name; of all listings it works within
-- bounds of memory by turns. Measured, 1,000,000 listings, 150,000 parties: one listing 60 ms of processor time.

CREATE TABLE IF NOT EXISTS chain_parties (
    parties String,
    nodes Array(Tuple(role String, id String, name Nullable(String), status Nullable(String), division Nullable(String), evidence Nullable(String))),
    hops Array(Tuple(shipment_id String, from_code String, to_code String, quantity Int64, shipped_at DateTime64(3, 'UTC'), evidence String))
) ENGINE = ${replacing}
ORDER BY parties
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10, index_granularity = 1024;

ALTER TABLE chain_history ADD COLUMN IF NOT EXISTS parties String AFTER gaps;

ALTER TABLE chain_of_history MODIFY QUERY SELECT * EXCEPT (nodes, hops, parties), version FROM chain_history;

CREATE OR REPLACE VIEW chain_whole AS
SELECT
    c.platform_code AS platform_code, c.listing_id AS listing_id, c.verdict AS verdict, c.status AS status,
    c.title AS title, c.category AS category, c.url AS url, c.seller_code AS seller_code,
    c.producer_code AS producer_code, c.producer_name AS producer_name, c.gtin AS gtin, c.lot AS lot,
    c.licence_no AS licence_no, c.price_fen AS price_fen, c.sold_30d AS sold_30d, c.listed_at AS listed_at,
    c.listing_event AS listing_event, c.gap_names AS gap_names, c.gaps AS gaps,
    multiIf(
        c.parties = '', c.nodes,
        p.parties = '', [],
        arrayConcat(
            [CAST(
                tuple(
                    'platform', c.platform_code, NULL, NULL,
                    if(
                        match(c.platform_code, '^[0-9A-HJ-NP-RTUW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}$$'),
                        substring(c.platform_code, 3, 6), NULL
                    ),
                    NULL
                ),
                'Tuple(role String, id String, name Nullable(String), status Nullable(String), division Nullable(String), evidence Nullable(String))'
            )],
            p.nodes
        )
    ) AS nodes,
    if(c.parties = '', c.hops, p.hops) AS hops,
    c.seller_status AS seller_status, c.producer_status AS producer_status, c.seller_division AS seller_division,
    c.producer_division AS producer_division, c.seller_penalties AS seller_penalties,
    c.recall_level AS recall_level, c.as_of AS as_of, c.received_at AS received_at, c.revision AS revision,
    c.assessment AS assessment, c.version AS version
FROM chain_parties AS p
ANY RIGHT JOIN (
    SELECT *, version FROM chain_history
    ORDER BY platform_code, listing_id, version DESC
    LIMIT 1 BY platform_code, listing_id
) AS c ON c.parties = p.parties
SETTINGS join_algorithm = 'grace_hash', max_bytes_in_join = 67108864, grace_hash_join_initial_buckets = 8;
