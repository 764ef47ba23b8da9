WITH
    -- Helpers. What they are asked for a code or a number that has a record is not worked out: `if` is lazy.
    (kind, publisher, event_id, digest) -> concat(
        kind, '/',
        replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(
            publisher, '%', '%25'), '/', '%2F'), '~', '%7E'), ' ', '%20'), '\u00a0', '%C2%A0'), '\u3000', '%E3%80%80'),
        '/',
        replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(
            event_id, '%', '%25'), '/', '%2F'), '~', '%7E'), ' ', '%20'), '\u00a0', '%C2%A0'), '\u3000', '%E3%80%80'),
        '~', substring(digest, 1, 8)) AS evidence_id,
    (alphabet, text, first, length) ->
        arrayMap(i -> position(alphabet, substring(text, i, 1)) - 1, range(first, first + length)) AS values_of,
    code -> multiIf(
        NOT match(code, '^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$'),
            'format',
        substring('0X987654321', 1 + arrayDotProduct(
            values_of('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', code, 9, 8), [3, 7, 9, 10, 5, 8, 4, 2]) % 11, 1)
            != substring(code, 17, 1),
            'organisation_check',
        (arrayDotProduct(
            values_of('0123456789ABCDEFGHJKLMNPQRTUWXY', code, 1, 17),
            [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
            + position('0123456789ABCDEFGHJKLMNPQRTUWXY', substring(code, 18, 1)) - 1) % 31 != 0,
            'check',
        '') AS code_fault,
    gtin -> match(gtin, '^[0-9]{14}$') AND match(gtin, '[1-9]') AND arrayDotProduct(
        values_of('0123456789', gtin, 1, 14), [3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 = 0 AS is_gtin,
    (status, valid_from, valid_to, day) ->
        status = 'valid' AND valid_from <= day AND (valid_to IS NULL OR day <= valid_to) AS in_force,

    -- The current record of each business key.
    listing AS (
        SELECT
            platform_code, listing_id, status, seller_code, producer_code, producer_name, gtin, lot, licence_no,
            toDate32(occurred_at, 'Asia/Shanghai') AS day, publisher, event_id, digest
        FROM event_listing WHERE outcome = 'accepted'
        ORDER BY platform_code, listing_id, occurred_at DESC, event_id DESC, publisher DESC, tie DESC
        LIMIT 1 BY platform_code, listing_id
    ),
    entity AS (
        SELECT code, status, evidence_id('entity', publisher, event_id, digest) AS evidence, true AS found
        FROM event_entity WHERE outcome = 'accepted'
        ORDER BY code, occurred_at DESC, event_id DESC, publisher DESC, tie DESC LIMIT 1 BY code
    ),
    product AS (
        SELECT
            gtin, producer_code, category, requires_licence,
            evidence_id('product', publisher, event_id, digest) AS evidence, true AS found
        FROM event_product WHERE outcome = 'accepted'
        ORDER BY gtin, occurred_at DESC, event_id DESC, publisher DESC, tie DESC LIMIT 1 BY gtin
    ),
    licence AS (
        SELECT
            licence_no, holder_code, categories, valid_from, valid_to, status,
            evidence_id('licence', publisher, event_id, digest) AS evidence, true AS found
        FROM event_licence WHERE outcome = 'accepted'
        ORDER BY licence_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC LIMIT 1 BY licence_no
    ),
    lot AS (
        SELECT
            producer_code, gtin, lot, produced_on, evidence_id('lot', publisher, event_id, digest) AS evidence, true AS found
        FROM event_lot WHERE outcome = 'accepted'
        ORDER BY producer_code, gtin, lot, occurred_at DESC, event_id DESC, publisher DESC, tie DESC
        LIMIT 1 BY producer_code, gtin, lot
    ),
    recall AS (
        SELECT
            recall_no, producer_code, gtin, lots, level, status, evidence_id('recall', publisher, event_id, digest) AS evidence,
            (-level, occurred_at, event_id, publisher, tie, recall_no) AS gravity
        FROM event_recall WHERE outcome = 'accepted'
        ORDER BY producer_code, recall_no, gtin, occurred_at DESC, event_id DESC, publisher DESC, tie DESC
        LIMIT 1 BY producer_code, recall_no, gtin
    ),

    -- What they say together: licences by holder and category, the gravest open recall of a product, of a lot.
    held AS (
        SELECT holder_code, category, groupArray((status, valid_from, valid_to)) AS licences
        FROM licence ARRAY JOIN categories AS category
        GROUP BY holder_code, category
    ),
    recalled_product AS (
        SELECT
            producer_code, gtin,
            argMaxIf((recall_no, level, evidence), gravity, empty(lots)) AS every_lot,
            argMaxIf((recall_no, level, evidence), gravity, notEmpty(lots)) AS some_lots
        FROM recall WHERE status = 'open' GROUP BY producer_code, gtin
    ),
    recalled_lot AS (
        SELECT producer_code, gtin, lot, argMax((recall_no, level, evidence), gravity) AS told
        FROM recall ARRAY JOIN lots AS lot
        WHERE status = 'open' GROUP BY producer_code, gtin, lot
    ),

    -- Listings beside the records that they name.
    named AS (
        SELECT
            listing.platform_code AS platform_code, listing.listing_id AS listing_id, listing.status AS status,
            listing.seller_code AS seller_code, listing.producer_name AS producer_name, listing.lot AS lot,
            listing.licence_no AS licence_no, listing.day AS day,
            ifNull(listing.producer_code, '') AS producer, ifNull(listing.gtin, '') AS number,
            evidence_id('listing', listing.publisher, listing.event_id, listing.digest) AS listing_evidence,
            seller.found AS seller_registered, seller.status AS seller_status, seller.evidence AS seller_evidence,
            if(seller_registered, '', code_fault(seller_code)) AS seller_fault,
            maker.found AS producer_registered, maker.status AS producer_status, maker.evidence AS producer_evidence,
            multiIf(producer = '', 'absent', producer_registered, '', code_fault(producer)) AS producer_fault,
            multiIf(number = '', false, product.found, true, is_gtin(number)) AS gtin_valid,
            gtin_valid AND match(number, '^(?:000000[02]|[0-9](?:02|04|05|2[0-9]|98|99))') AS gtin_restricted,
            product.found AS product_found, product.producer_code AS product_producer, product.category AS product_category,
            product.requires_licence AS requires_licence, product.evidence AS product_evidence,
            product.found AND product_producer = producer AND producer_fault = '' AND NOT gtin_restricted AS product_known,
            product_known AND lot.found AS lot_known, lot.produced_on AS produced_on, lot.evidence AS lot_evidence,
            if(lot_known, produced_on, day) AS licence_day,
            licence.found AS licence_found, licence.holder_code AS licence_holder, licence.categories AS licence_categories,
            licence.valid_from AS licence_from, licence.valid_to AS licence_to, licence.status AS licence_status,
            licence.evidence AS licence_evidence, held.licences AS held_licences,
            recalled_product.every_lot AS every_lot, recalled_product.some_lots AS some_lots, recalled_lot.told AS own_lot
        FROM listing
        LEFT JOIN entity AS seller ON seller.code = listing.seller_code
        LEFT JOIN entity AS maker ON maker.code = listing.producer_code
        LEFT JOIN product ON product.gtin = listing.gtin
        LEFT JOIN licence ON licence.licence_no = listing.licence_no
        LEFT JOIN held ON held.holder_code = listing.producer_code AND held.category = product.category
        LEFT JOIN lot ON lot.producer_code = listing.producer_code AND lot.gtin = listing.gtin AND lot.lot = listing.lot
        LEFT JOIN recalled_product
            ON recalled_product.producer_code = listing.producer_code AND recalled_product.gtin = listing.gtin
        LEFT JOIN recalled_lot ON recalled_lot.producer_code = listing.producer_code
            AND recalled_lot.gtin = listing.gtin AND recalled_lot.lot = listing.lot
    ),

    -- Of each group the first gap that holds: (gap, class, subject, detail, evidence).
    (gap, class, subject, detail, evidence) -> (
        gap, class, CAST(subject AS Nullable(String)), CAST(detail AS Nullable(String)),
        CAST(evidence AS Array(String))) AS told,
    judged AS (
        SELECT
            platform_code, listing_id, status,
            multiIf(
                seller_fault != '',
                    told('seller_code_invalid', 'broken', seller_code, seller_fault, [listing_evidence]),
                NOT seller_registered,
                    told('seller_unregistered', 'broken', seller_code, 'no entity record', [listing_evidence]),
                seller_status IN ('revoked', 'deregistered'),
                    told('seller_inactive', 'contradicted', seller_code, seller_status, [seller_evidence]),
                seller_status = 'abnormal',
                    told('seller_abnormal', 'unverified', seller_code, seller_status, [seller_evidence]),
                told('', '', NULL, NULL, [])) AS of_seller,
            multiIf(
                producer = '',
                    told('producer_undeclared', 'broken', producer_name, 'no producer code', [listing_evidence]),
                producer_fault != '',
                    told('producer_code_invalid', 'broken', producer, producer_fault, [listing_evidence]),
                NOT producer_registered,
                    told('producer_unregistered', 'broken', producer, 'no entity record', [listing_evidence]),
                producer_status IN ('revoked', 'deregistered'),
                    told('producer_inactive', 'contradicted', producer, producer_status, [producer_evidence]),
                producer_status = 'abnormal',
                    told('producer_abnormal', 'unverified', producer, producer_status, [producer_evidence]),
                told('', '', NULL, NULL, [])) AS of_producer,
            multiIf(
                producer_fault != '',
                    told('', '', NULL, NULL, []),
                number = '',
                    told('product_undeclared', 'unverified', producer, 'no gtin', [listing_evidence]),
                NOT gtin_valid,
                    told('gtin_invalid', 'broken', number, 'length or check digit', [listing_evidence]),
                gtin_restricted,
                    told('gtin_restricted', 'unverified', number,
                        'for use inside one company: names no product', [listing_evidence]),
                NOT product_found,
                    told('product_unknown', 'broken', number, 'no product record', [listing_evidence]),
                product_producer != producer,
                    told('product_of_other_producer', 'contradicted', number,
                        concat('made by ', product_producer), [product_evidence]),
                told('', '', NULL, NULL, [])) AS of_product,
            multiIf(
                NOT product_known OR NOT requires_licence,
                    told('', '', NULL, NULL, []),
                licence_no IS NULL,
                    if(arrayExists(x -> in_force(x.1, x.2, x.3, licence_day), held_licences),
                        told('', '', NULL, NULL, []),
                        told('licence_missing', 'broken', producer,
                            concat('none in force for ', product_category, ' on ', toString(licence_day)),
                            if(lot_known, [product_evidence, lot_evidence], [product_evidence]))),
                NOT licence_found,
                    told('licence_unknown', 'broken', licence_no, 'no licence record', [listing_evidence]),
                licence_holder != producer,
                    told('licence_of_other_holder', 'contradicted', licence_no,
                        concat('held by ', licence_holder), [licence_evidence]),
                NOT in_force(licence_status, licence_from, licence_to, licence_day),
                    told('licence_not_in_force', 'contradicted', licence_no,
                        concat(licence_status, ' ', toString(licence_from), '..', ifNull(toString(licence_to), ''),
                            ', needed on ', toString(licence_day)),
                        if(lot_known, [licence_evidence, lot_evidence], [licence_evidence])),
                NOT has(licence_categories, product_category),
                    told('licence_out_of_scope', 'contradicted', licence_no,
                        concat('not for ', product_category), [licence_evidence, product_evidence]),
                told('', '', NULL, NULL, [])) AS of_licence,
            multiIf(
                NOT product_known,
                    told('', '', NULL, NULL, []),
                lot IS NULL,
                    told('lot_undeclared', 'unverified', number, 'no lot', [listing_evidence]),
                NOT lot_known,
                    told('lot_unknown', 'broken', lot, 'no lot record', [listing_evidence]),
                told('', '', NULL, NULL, [])) AS of_lot,
            if(own_lot.1 != '' AND (every_lot.1 = '' OR own_lot.2 <= every_lot.2), own_lot, every_lot) AS recall,
            multiIf(
                NOT product_known,
                    told('', '', NULL, NULL, []),
                recall.1 != '',
                    told('lot_recalled', 'contradicted', recall.1, concat('level ', toString(recall.2)), [recall.3]),
                lot IS NULL AND some_lots.1 != '',
                    told('recall_possible', 'unverified', some_lots.1,
                        concat('level ', toString(some_lots.2), ', some lots'), [some_lots.3]),
                told('', '', NULL, NULL, [])) AS of_recall,
            if(status = 'active',
                arrayFilter(x -> x.1 != '', [of_seller, of_producer, of_product, of_licence, of_lot, of_recall]),
                []) AS gaps
        FROM named
    )
SELECT
    platform_code, listing_id,
    multiIf(
        status != 'active', 'removed',
        has(gaps.2, 'contradicted'), 'contradicted',
        has(gaps.2, 'broken'), 'broken',
        has(gaps.2, 'unverified'), 'partial',
        'complete') AS verdict,
    CAST(gaps AS Array(Tuple(
        gap String, class String, subject Nullable(String), detail Nullable(String), evidence Array(String)))) AS gaps
FROM judged
