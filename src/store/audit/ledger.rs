//! Accounts and transactions.

use super::invariant::Invariant;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::sums(
        "an account's balance is the sum of its transactions",
        BALANCES,
        "SELECT 'account ' || user_id || ' ' || unit AS subject, amount FROM transactions
            WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "an account's balance is what is left of its booked lots, less what it owes",
        BALANCES,
        "SELECT 'account ' || user_id || ' ' || unit AS subject, remaining AS amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA') AND state <> 'HELD'
        UNION ALL
        SELECT 'account ' || user_id || ' ' || unit, -debt FROM accounts WHERE tenant_id = $1",
    ),
    Invariant::rows(
        "an account's balance is earned - used - expired",
        "SELECT 'account ' || user_id || ' ' || unit, balance, earned - used - expired
            FROM accounts WHERE tenant_id = $1 AND balance <> earned - used - expired",
    ),
    Invariant::sums(
        "an account's balance is the balance after its last transaction",
        BALANCES,
        "SELECT subject, balance_after AS amount FROM (
            SELECT 'account ' || user_id || ' ' || unit AS subject, balance_after,
                ROW_NUMBER() OVER (PARTITION BY user_id, unit ORDER BY seq DESC, n DESC) AS place
            FROM transactions WHERE tenant_id = $1
        ) placed WHERE place = 1",
    ),
    Invariant::rows(
        "each balance after a transaction follows from the one before",
        "SELECT 'transaction ' || {id}, balance_after, before + amount FROM (
            SELECT id, amount, balance_after, COALESCE(LAG(balance_after) OVER (
                PARTITION BY user_id, unit ORDER BY seq, n), 0) AS before
            FROM transactions WHERE tenant_id = $1
        ) chained WHERE balance_after <> before + amount",
    ),
    Invariant::sums(
        "an account's pending amount is what is left of its lots on hold",
        "SELECT 'account ' || user_id || ' ' || unit AS subject, pending AS amount FROM accounts
            WHERE tenant_id = $1",
        "SELECT 'account ' || user_id || ' ' || unit AS subject, remaining AS amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA') AND state = 'HELD'",
    ),
    Invariant::sums(
        "an account's earned amount is what its lots granted, less what was taken back or is owed",
        "SELECT 'account ' || user_id || ' ' || unit AS subject, earned AS amount FROM accounts
            WHERE tenant_id = $1",
        "SELECT 'account ' || user_id || ' ' || unit AS subject,
                amount - reversed - owed AS amount
            FROM lots WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA')
                AND transaction_id IS NOT NULL",
    ),
    Invariant::sums(
        "an account's expired amount is what expired of its lots",
        "SELECT 'account ' || user_id || ' ' || unit AS subject, expired AS amount FROM accounts
            WHERE tenant_id = $1",
        "SELECT 'account ' || user_id || ' ' || unit AS subject, expired AS amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA')",
    ),
    Invariant::sums(
        "an account is due at the earliest end or maturity of its open lots",
        "SELECT 'account ' || user_id || ' ' || unit AS subject, next_due_at AS amount
            FROM accounts WHERE tenant_id = $1 AND next_due_at IS NOT NULL",
        "SELECT 'account ' || user_id || ' ' || unit AS subject, MIN(CASE
                WHEN state = 'HELD' AND (expires_at IS NULL OR available_from < expires_at)
                THEN available_from ELSE expires_at END) AS amount
            FROM lots WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA')
                AND state IN ('HELD', 'BOOKED') AND remaining > 0
            GROUP BY user_id, unit",
    ),
    Invariant::sums(
        "a spend or an expiry is the sum of its uses of lots",
        "SELECT 'transaction ' || {id} AS subject, amount FROM transactions
            WHERE tenant_id = $1 AND lot_id IS NULL AND reverses IS NULL",
        "SELECT 'transaction ' || {transaction_id} AS subject, amount FROM uses
            WHERE tenant_id = $1 AND kind IN ('SPEND', 'EXPIRY')",
    ),
    Invariant::sums(
        "a spend's reversal is the sum of what it returned to lots",
        "SELECT 'transaction ' || {t.id} AS subject, t.amount FROM reversals r
            JOIN transactions t ON t.tenant_id = r.tenant_id AND t.id = r.by_id
            WHERE r.tenant_id = $1",
        "SELECT 'transaction ' || {transaction_id} AS subject, amount FROM uses
            WHERE tenant_id = $1 AND kind = 'RETURN'",
    ),
];

const BALANCES: &str = "SELECT 'account ' || user_id || ' ' || unit AS subject, balance AS amount
    FROM accounts WHERE tenant_id = $1";
