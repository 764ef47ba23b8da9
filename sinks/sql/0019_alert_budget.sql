-- How many people work the alerts of a bureau off, and by day and desk the alerts that came to it, and those that
-- somebody dealt with: each alert once a day, whatever its number of rows. The day is first in the key, so that figures
-- of a week read that week and not the history of all alerts.
-- raised: it came to stand, or came from another desk. handled: somebody acted, and it is acknowledged, assigned or
-- resolved; by the day of the act.

ALTER TABLE event_bureau ADD COLUMN IF NOT EXISTS officers Nullable(Int64) AFTER status;

CREATE OR REPLACE VIEW event_bureau_v AS
SELECT * FROM event_bureau
ORDER BY division, publisher, event_id, digest, source_partition, source_offset
LIMIT 1 BY division, publisher, event_id, digest;

CREATE OR REPLACE VIEW current_bureau AS
SELECT * FROM event_bureau
WHERE outcome = 'accepted'
ORDER BY division, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
LIMIT 1 BY division;

CREATE TABLE IF NOT EXISTS desk_day (
    day Date,
    bureau String,
    what String,
    alert_id String,
    rule String
) ENGINE = ${replacing}
ORDER BY (day, bureau, what, alert_id)
SETTINGS ${settings}, min_bytes_for_wide_part = 134217728, merge_selector_base = 10;

CREATE MATERIALIZED VIEW IF NOT EXISTS desk_day_of_history TO desk_day AS
SELECT
    (arrayJoin(arrayFilter(found -> found.3, [
        (toDate(changed_at, 'Asia/Shanghai'), 'raised', change IN ('raised', 'moved')),
        (
            toDate(ifNull(acted_at, changed_at), 'Asia/Shanghai'), 'handled',
            handling != 'open' AND acted_at IS NOT NULL AND (
                change = 'handled'
                OR change != 'moved' AND toDate(acted_at, 'Asia/Shanghai') = toDate(changed_at, 'Asia/Shanghai')
            )
        )
    ])) AS said).1 AS day,
    bureau,
    said.2 AS what,
    alert_id,
    rule
FROM alert_state_history;

INSERT INTO desk_day
SELECT
    (arrayJoin(arrayFilter(found -> found.3, [
        (toDate(changed_at, 'Asia/Shanghai'), 'raised', change IN ('raised', 'moved')),
        (
            toDate(ifNull(acted_at, changed_at), 'Asia/Shanghai'), 'handled',
            handling != 'open' AND acted_at IS NOT NULL AND (
                change = 'handled'
                OR change != 'moved' AND toDate(acted_at, 'Asia/Shanghai') = toDate(changed_at, 'Asia/Shanghai')
            )
        )
    ])) AS said).1 AS day,
    bureau,
    said.2 AS what,
    alert_id,
    rule
FROM alert_state_history;
