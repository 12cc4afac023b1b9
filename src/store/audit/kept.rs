//! What is kept so that lists and reports need not count: days, months, totals of referrers, and how
//! rewards stand.

use super::invariant::Invariant;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::sums(
        "the days' revenue is what referred users paid, less what was refunded",
        "SELECT name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND substr(scope, 1, 4) = 'day:' AND name = 'revenue'",
        "SELECT 'revenue' AS subject, amount - refunded AS amount FROM purchases
            WHERE tenant_id = $1 AND referred",
    ),
    Invariant::sums(
        "the days' bonuses are what referral rewards come to, less what was taken back",
        "SELECT name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND substr(scope, 1, 4) = 'day:' AND name = 'bonus_paid'",
        "SELECT 'bonus_paid' AS subject, amount - demanded AS amount FROM lots
            WHERE tenant_id = $1 AND referral_id IS NOT NULL AND kind IN ('CREDIT', 'QUOTA')
                AND unit = $2",
    ),
    Invariant::sums(
        "the days' seconds lie between the sign-ups and the first purchases",
        "SELECT name AS subject, value AS amount FROM tallies WHERE tenant_id = $1
            AND substr(scope, 1, 4) = 'day:' AND name = 'seconds_to_purchase'",
        "SELECT 'seconds_to_purchase' AS subject,
                (converted_at - signed_up_at) / 1000000 AS amount FROM referrals
            WHERE tenant_id = $1 AND converted_at > signed_up_at",
    ),
    Invariant::sums(
        "a referrer's months are the sums of the days",
        "SELECT 'user ' || user_id || ' ' || month || ' credited' AS subject, credited AS amount
            FROM referrer_months WHERE tenant_id = $1
        UNION ALL
        SELECT 'user ' || user_id || ' ' || month || ' earned', earned FROM referrer_months
            WHERE tenant_id = $1",
        "SELECT 'user ' || user_id || ' ' || substr(day, 1, 7) || ' credited' AS subject,
                credited AS amount FROM referrer_days WHERE tenant_id = $1
        UNION ALL
        SELECT 'user ' || user_id || ' ' || substr(day, 1, 7) || ' earned', earned
            FROM referrer_days WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "a referrer's referrals are counted, by status and in all",
        "SELECT scope || ' ' || name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND substr(scope, 1, 5) = 'user:'
                AND (name = 'referrals' OR substr(name, 1, 10) = 'referrals:')",
        "SELECT 'user:' || referrer_id || ' referrals' AS subject, 1 AS amount FROM referrals
            WHERE tenant_id = $1
        UNION ALL
        SELECT 'user:' || referrer_id || ' referrals:' || status, 1 FROM referrals
            WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "the accounts in a unit are counted, those of partners not",
        "SELECT name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND scope = '' AND substr(name, 1, 9) = 'accounts:'",
        "SELECT 'accounts:' || a.unit AS subject, 1 AS amount FROM accounts a
            JOIN users u ON u.tenant_id = a.tenant_id AND u.id = a.user_id
            WHERE a.tenant_id = $1 AND u.tenant_id = $1 AND u.number > 0",
    ),
    Invariant::rows(
        "a lot's row says how its reward stands until the clock changes it, and when it ends",
        "SELECT subject, kept_until, until FROM (
            SELECT 'lot ' || {l.id} AS subject, l.status AS kept, l.due_at AS kept_until,
                l.ends AS ends, COALESCE(l.expires_at, 9223372036854775807) AS expires,
                CASE WHEN l.state IN ('CANCELLED', 'FAILED') THEN l.state
                    WHEN l.kind = 'STRIPE_BALANCE' AND l.state = 'BOOKED' THEN 'REDEEMED'
                    WHEN l.kind = 'STRIPE_BALANCE' OR l.available_from > a.last_at
                        THEN 'PENDING'
                    WHEN l.kind <> 'FEATURE' AND l.remaining = 0 AND l.expired = 0
                        THEN 'REDEEMED'
                    WHEN l.kind <> 'FEATURE' AND l.remaining = 0 OR l.expires_at <= a.last_at
                        THEN 'EXPIRED'
                    ELSE 'ACTIVE' END AS status,
                CASE WHEN l.state NOT IN ('HELD', 'BOOKED') OR l.kind = 'STRIPE_BALANCE'
                        THEN NULL
                    WHEN l.available_from > a.last_at THEN l.available_from
                    WHEN (l.kind = 'FEATURE' OR l.remaining > 0) AND l.expires_at > a.last_at
                        THEN l.expires_at
                    ELSE NULL END AS until
            FROM lots l JOIN lanes a ON a.tenant_id = l.tenant_id
            WHERE l.tenant_id = $1 AND a.tenant_id = $1
                AND (l.due_at IS NULL OR l.due_at > a.last_at)
        ) standing
        WHERE kept <> status OR COALESCE(kept_until, 0) <> COALESCE(until, 0) OR ends <> expires",
    ),
];
