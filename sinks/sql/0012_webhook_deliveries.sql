-- Attempts to deliver webhooks, of each subscription the newest first.

CREATE TABLE IF NOT EXISTS webhook_delivery (
    subscription String,
    delivery String,
    attempt Int64,
    attempted_at DateTime64(3, 'UTC'),
    outcome String,
    status Nullable(Int64),
    reason String,
    milliseconds Int64,
    next_at Nullable(DateTime64(3, 'UTC')),
    alert_partition Nullable(Int64),
    alert_offset Nullable(Int64),
    alert_row Nullable(Int64)
) ENGINE = ${replacing}
ORDER BY (subscription, attempted_at, delivery, attempt)
SETTINGS ${settings};

CREATE OR REPLACE VIEW webhook_delivery_v AS
SELECT * FROM webhook_delivery
ORDER BY subscription, attempted_at, delivery, attempt
LIMIT 1 BY subscription, attempted_at, delivery, attempt;
