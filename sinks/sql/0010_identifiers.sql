-- What is looked up by a number, code or GTIN alone, and by a name: a row for each that an accepted event says, and what
-- says who may see it (sinks/identifiers.py makes all of this of the kinds' schemas). Rows of several versions of a
-- record fold into one. On a cluster they lie where their event does, not by these keys: who reads counts each once.
-- Bigrams: names are found by two characters.

CREATE TABLE IF NOT EXISTS identifier (
    identifier String,
    kind String,
    field String,
    subject String,
    publisher String,
    platform_code String,
    parties Array(String)
) ENGINE = ${replacing}
ORDER BY (identifier, kind, field, subject, publisher, platform_code, parties)
PRIMARY KEY (identifier, kind)
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10, index_granularity = 1024;

CREATE TABLE IF NOT EXISTS name (
    folded String,
    kind String,
    subject String,
    publisher String,
    platform_code String,
    parties Array(String),
    INDEX bigrams folded TYPE ngrambf_v1(2, 4096, 2, 0) GRANULARITY 1
) ENGINE = ${replacing}
ORDER BY (folded, kind, subject, publisher, platform_code, parties)
PRIMARY KEY (folded, kind)
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_listing TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('listing_id', listing_id),
        ('seller_code', seller_code),
        ('producer_code', ifNull(producer_code, '')),
        ('gtin', ifNull(gtin, '')),
        ('lot', ifNull(lot, '')),
        ('licence_no', ifNull(licence_no, ''))
    ])) AS used).2 AS identifier,
    'listing' AS kind,
    used.1 AS field,
    concat(platform_code, '\x1f', listing_id) AS subject,
    publisher,
    platform_code,
    [seller_code, ifNull(producer_code, '')] AS parties
FROM event_listing WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS name_of_listing TO name AS
SELECT
    lowerUTF8(normalizeUTF8NFKC(title)) AS folded,
    'listing' AS kind,
    concat(platform_code, '\x1f', listing_id) AS subject,
    publisher,
    platform_code,
    [seller_code, ifNull(producer_code, '')] AS parties
FROM event_listing WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_entity TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('code', code)
    ])) AS used).2 AS identifier,
    'entity' AS kind,
    used.1 AS field,
    code AS subject,
    publisher,
    '' AS platform_code,
    [code] AS parties
FROM event_entity WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS name_of_entity TO name AS
SELECT
    lowerUTF8(normalizeUTF8NFKC(name)) AS folded,
    'entity' AS kind,
    code AS subject,
    publisher,
    '' AS platform_code,
    [code] AS parties
FROM event_entity WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_licence TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('licence_no', licence_no),
        ('holder_code', holder_code)
    ])) AS used).2 AS identifier,
    'licence' AS kind,
    used.1 AS field,
    licence_no AS subject,
    publisher,
    '' AS platform_code,
    [holder_code] AS parties
FROM event_licence WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_product TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('gtin', gtin),
        ('producer_code', producer_code)
    ])) AS used).2 AS identifier,
    'product' AS kind,
    used.1 AS field,
    gtin AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_product WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS name_of_product TO name AS
SELECT
    lowerUTF8(normalizeUTF8NFKC(name)) AS folded,
    'product' AS kind,
    gtin AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_product WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_lot TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', arrayConcat([
        ('producer_code', producer_code),
        ('gtin', gtin),
        ('lot', lot)
    ], arrayMap(each -> ('inputs.producer_code', each.producer_code), inputs), arrayMap(each -> ('inputs.gtin', each.gtin), inputs), arrayMap(each -> ('inputs.lot', each.lot), inputs)))) AS used).2 AS identifier,
    'lot' AS kind,
    used.1 AS field,
    concat(producer_code, '\x1f', gtin, '\x1f', lot) AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_lot WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_shipment TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('shipment_id', shipment_id),
        ('producer_code', producer_code),
        ('gtin', gtin),
        ('lot', lot),
        ('from_code', from_code),
        ('to_code', to_code)
    ])) AS used).2 AS identifier,
    'shipment' AS kind,
    used.1 AS field,
    concat(from_code, '\x1f', shipment_id, '\x1f', producer_code, '\x1f', gtin, '\x1f', lot, '\x1f', to_code, '\x1f', ifNull(line, '')) AS subject,
    publisher,
    '' AS platform_code,
    [producer_code, from_code, to_code] AS parties
FROM event_shipment WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_inspection TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('report_no', report_no),
        ('agency_code', agency_code),
        ('producer_code', producer_code),
        ('gtin', gtin),
        ('lot', ifNull(lot, ''))
    ])) AS used).2 AS identifier,
    'inspection' AS kind,
    used.1 AS field,
    concat(agency_code, '\x1f', report_no) AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_inspection WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_recall TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', arrayConcat([
        ('recall_no', recall_no),
        ('producer_code', producer_code),
        ('gtin', gtin)
    ], arrayMap(each -> ('lots', each), lots)))) AS used).2 AS identifier,
    'recall' AS kind,
    used.1 AS field,
    concat(producer_code, '\x1f', recall_no, '\x1f', gtin) AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_recall WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_complaint TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('complaint_no', complaint_no),
        ('listing_id', ifNull(listing_id, '')),
        ('subject_code', ifNull(subject_code, ''))
    ])) AS used).2 AS identifier,
    'complaint' AS kind,
    used.1 AS field,
    concat(channel, '\x1f', complaint_no) AS subject,
    publisher,
    ifNull(platform_code, '') AS platform_code,
    [ifNull(subject_code, '')] AS parties
FROM event_complaint WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_penalty TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('decision_no', decision_no),
        ('subject_code', subject_code)
    ])) AS used).2 AS identifier,
    'penalty' AS kind,
    used.1 AS field,
    concat(division, '\x1f', decision_no, '\x1f', subject_code) AS subject,
    publisher,
    '' AS platform_code,
    [subject_code] AS parties
FROM event_penalty WHERE outcome = 'accepted';

CREATE MATERIALIZED VIEW IF NOT EXISTS identifier_of_certificate TO identifier AS
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('issuer_code', issuer_code),
        ('certificate_no', certificate_no),
        ('holder_code', holder_code),
        ('gtin', ifNull(gtin, ''))
    ])) AS used).2 AS identifier,
    'certificate' AS kind,
    used.1 AS field,
    concat(issuer_code, '\x1f', certificate_no) AS subject,
    publisher,
    '' AS platform_code,
    [holder_code] AS parties
FROM event_certificate WHERE outcome = 'accepted';

-- What was loaded before: once more after a death in between, which changes nothing.

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('listing_id', listing_id),
        ('seller_code', seller_code),
        ('producer_code', ifNull(producer_code, '')),
        ('gtin', ifNull(gtin, '')),
        ('lot', ifNull(lot, '')),
        ('licence_no', ifNull(licence_no, ''))
    ])) AS used).2 AS identifier,
    'listing' AS kind,
    used.1 AS field,
    concat(platform_code, '\x1f', listing_id) AS subject,
    publisher,
    platform_code,
    [seller_code, ifNull(producer_code, '')] AS parties
FROM event_listing WHERE outcome = 'accepted';

INSERT INTO name
SELECT
    lowerUTF8(normalizeUTF8NFKC(title)) AS folded,
    'listing' AS kind,
    concat(platform_code, '\x1f', listing_id) AS subject,
    publisher,
    platform_code,
    [seller_code, ifNull(producer_code, '')] AS parties
FROM event_listing WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('code', code)
    ])) AS used).2 AS identifier,
    'entity' AS kind,
    used.1 AS field,
    code AS subject,
    publisher,
    '' AS platform_code,
    [code] AS parties
FROM event_entity WHERE outcome = 'accepted';

INSERT INTO name
SELECT
    lowerUTF8(normalizeUTF8NFKC(name)) AS folded,
    'entity' AS kind,
    code AS subject,
    publisher,
    '' AS platform_code,
    [code] AS parties
FROM event_entity WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('licence_no', licence_no),
        ('holder_code', holder_code)
    ])) AS used).2 AS identifier,
    'licence' AS kind,
    used.1 AS field,
    licence_no AS subject,
    publisher,
    '' AS platform_code,
    [holder_code] AS parties
FROM event_licence WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('gtin', gtin),
        ('producer_code', producer_code)
    ])) AS used).2 AS identifier,
    'product' AS kind,
    used.1 AS field,
    gtin AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_product WHERE outcome = 'accepted';

INSERT INTO name
SELECT
    lowerUTF8(normalizeUTF8NFKC(name)) AS folded,
    'product' AS kind,
    gtin AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_product WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', arrayConcat([
        ('producer_code', producer_code),
        ('gtin', gtin),
        ('lot', lot)
    ], arrayMap(each -> ('inputs.producer_code', each.producer_code), inputs), arrayMap(each -> ('inputs.gtin', each.gtin), inputs), arrayMap(each -> ('inputs.lot', each.lot), inputs)))) AS used).2 AS identifier,
    'lot' AS kind,
    used.1 AS field,
    concat(producer_code, '\x1f', gtin, '\x1f', lot) AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_lot WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('shipment_id', shipment_id),
        ('producer_code', producer_code),
        ('gtin', gtin),
        ('lot', lot),
        ('from_code', from_code),
        ('to_code', to_code)
    ])) AS used).2 AS identifier,
    'shipment' AS kind,
    used.1 AS field,
    concat(from_code, '\x1f', shipment_id, '\x1f', producer_code, '\x1f', gtin, '\x1f', lot, '\x1f', to_code, '\x1f', ifNull(line, '')) AS subject,
    publisher,
    '' AS platform_code,
    [producer_code, from_code, to_code] AS parties
FROM event_shipment WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('report_no', report_no),
        ('agency_code', agency_code),
        ('producer_code', producer_code),
        ('gtin', gtin),
        ('lot', ifNull(lot, ''))
    ])) AS used).2 AS identifier,
    'inspection' AS kind,
    used.1 AS field,
    concat(agency_code, '\x1f', report_no) AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_inspection WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', arrayConcat([
        ('recall_no', recall_no),
        ('producer_code', producer_code),
        ('gtin', gtin)
    ], arrayMap(each -> ('lots', each), lots)))) AS used).2 AS identifier,
    'recall' AS kind,
    used.1 AS field,
    concat(producer_code, '\x1f', recall_no, '\x1f', gtin) AS subject,
    publisher,
    '' AS platform_code,
    [producer_code] AS parties
FROM event_recall WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('complaint_no', complaint_no),
        ('listing_id', ifNull(listing_id, '')),
        ('subject_code', ifNull(subject_code, ''))
    ])) AS used).2 AS identifier,
    'complaint' AS kind,
    used.1 AS field,
    concat(channel, '\x1f', complaint_no) AS subject,
    publisher,
    ifNull(platform_code, '') AS platform_code,
    [ifNull(subject_code, '')] AS parties
FROM event_complaint WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('decision_no', decision_no),
        ('subject_code', subject_code)
    ])) AS used).2 AS identifier,
    'penalty' AS kind,
    used.1 AS field,
    concat(division, '\x1f', decision_no, '\x1f', subject_code) AS subject,
    publisher,
    '' AS platform_code,
    [subject_code] AS parties
FROM event_penalty WHERE outcome = 'accepted';

INSERT INTO identifier
SELECT
    (arrayJoin(arrayFilter(said -> said.2 != '', [
        ('issuer_code', issuer_code),
        ('certificate_no', certificate_no),
        ('holder_code', holder_code),
        ('gtin', ifNull(gtin, ''))
    ])) AS used).2 AS identifier,
    'certificate' AS kind,
    used.1 AS field,
    concat(issuer_code, '\x1f', certificate_no) AS subject,
    publisher,
    '' AS platform_code,
    [holder_code] AS parties
FROM event_certificate WHERE outcome = 'accepted';
