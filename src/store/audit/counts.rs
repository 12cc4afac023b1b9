//! The running totals, and the counts on the lane's row.

use super::invariant::Invariant;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::sums(
        "the lane counts the users",
        "SELECT 'lane' AS subject, users AS amount FROM lanes WHERE tenant_id = $1",
        "SELECT 'lane' AS subject, 1 AS amount FROM users WHERE tenant_id = $1 AND number > 0",
    ),
    Invariant::rows(
        "users are numbered in the order of their sign-up",
        "SELECT 'user ' || id, number, place FROM (
            SELECT id, number, ROW_NUMBER() OVER (ORDER BY seq, n) AS place FROM users
            WHERE tenant_id = $1 AND number > 0
        ) numbered WHERE number <> place",
    ),
    Invariant::sums(
        "the lane counts the credited referrals",
        "SELECT 'lane' AS subject, credited_referrals AS amount FROM lanes WHERE tenant_id = $1",
        "SELECT 'lane' AS subject, 1 AS amount FROM referrals
            WHERE tenant_id = $1 AND status = 'CREDITED'",
    ),
    Invariant::sums(
        "totals of transactions are their number",
        "SELECT scope || ' ' || name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND (name = 'transactions'
                OR substr(name, 1, 13) = 'transactions:')",
        "SELECT ' transactions' AS subject, 1 AS amount FROM transactions WHERE tenant_id = $1
        UNION ALL
        SELECT 'user:' || user_id || ' transactions', 1 FROM transactions WHERE tenant_id = $1
        UNION ALL
        SELECT 'user:' || user_id || ' transactions:' || source, 1 FROM transactions
            WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "totals of referrals are their number, by status and in all",
        "SELECT name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND scope = ''
                AND (name = 'referrals' OR substr(name, 1, 10) = 'referrals:')",
        "SELECT 'referrals' AS subject, 1 AS amount FROM referrals WHERE tenant_id = $1
        UNION ALL
        SELECT 'referrals:' || status, 1 FROM referrals WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "the total of bonuses is the referrals'",
        "SELECT name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND scope = '' AND name = 'bonus_earned'",
        "SELECT 'bonus_earned' AS subject, bonus_earned AS amount FROM referrals
            WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "what is outstanding is the sum of the balances in the main unit",
        "SELECT name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND scope = '' AND name = 'outstanding'",
        "SELECT 'outstanding' AS subject, balance AS amount FROM accounts
            WHERE tenant_id = $1 AND unit = $2",
    ),
    Invariant::sums(
        "the days' amounts come to the accounts' in the main unit",
        "SELECT name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND substr(scope, 1, 4) = 'day:'
                AND name IN ('issued', 'used', 'expired')",
        "SELECT 'issued' AS subject, earned AS amount FROM accounts WHERE tenant_id = $1 AND unit = $2
        UNION ALL
        SELECT 'used', used FROM accounts WHERE tenant_id = $1 AND unit = $2
        UNION ALL
        SELECT 'expired', expired FROM accounts WHERE tenant_id = $1 AND unit = $2",
    ),
    Invariant::sums(
        "the days' counts come to what they count",
        "SELECT name AS subject, value AS amount FROM tallies
            WHERE tenant_id = $1 AND substr(scope, 1, 4) = 'day:' AND name IN ('clicks',
                'signups', 'conversions', 'first_purchases', 'credited', 'rewards_begun',
                'rewards_redeemed')",
        "SELECT 'clicks' AS subject, clicks AS amount FROM users WHERE tenant_id = $1
        UNION ALL
        SELECT 'signups', signups FROM users WHERE tenant_id = $1
        UNION ALL
        SELECT 'conversions', conversions FROM users WHERE tenant_id = $1
        UNION ALL
        SELECT 'first_purchases', conversions FROM users WHERE tenant_id = $1
        UNION ALL
        SELECT 'credited', credited FROM users WHERE tenant_id = $1
        UNION ALL
        SELECT 'rewards_begun', 1 FROM lots WHERE tenant_id = $1
            AND kind IN ('CREDIT', 'QUOTA') AND transaction_id IS NOT NULL
        UNION ALL
        SELECT 'rewards_redeemed', 1 FROM lots WHERE tenant_id = $1
            AND kind IN ('CREDIT', 'QUOTA') AND transaction_id IS NOT NULL
            AND state = 'BOOKED' AND remaining = 0 AND expired = 0",
    ),
];
