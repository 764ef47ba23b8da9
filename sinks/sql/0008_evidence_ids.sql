-- Platforms and holders are named in their own records, which chains do not wait for. Evidence ids as domain/evidence.py
-- makes them.

CREATE OR REPLACE VIEW chain_node AS
SELECT
    n.platform_code AS platform_code, n.listing_id AS listing_id, n.position AS position,
    n.node.role AS role, n.node.id AS id,
    coalesce(n.node.name, e.name) AS name,
    coalesce(n.node.status, e.status) AS status,
    coalesce(n.node.division, e.division) AS division,
    coalesce(n.node.evidence, e.evidence) AS evidence
FROM (
    SELECT platform_code, listing_id, node, position
    FROM chain_whole
    ARRAY JOIN nodes AS node, arrayEnumerate(nodes) AS position
) AS n
LEFT JOIN (
    SELECT
        code, toNullable(name) AS name, toNullable(status) AS status, division,
        toNullable(concat(
            'entity/',
            replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(publisher, '%', '%25'), '/', '%2F'), '~', '%7E'), ' ', '%20'), ' ', '%C2%A0'), '　', '%E3%80%80'),
            '/',
            replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(event_id, '%', '%25'), '/', '%2F'), '~', '%7E'), ' ', '%20'), ' ', '%C2%A0'), '　', '%E3%80%80'),
            '~', substring(digest, 1, 8)
        )) AS evidence
    FROM current_entity
) AS e ON n.node.id = e.code AND n.node.role IN ('platform', 'holder');
