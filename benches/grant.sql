\set user random(0, :users - 1)
WITH event AS (
    INSERT INTO plain.events (tenant_id, seq, id, operation, idempotency_key, input_hash, user_id, actor,
        body, seed, at, program_hash, settings_version, answer)
    SELECT 1, n, lpad(to_hex(n), 32, '0')::uuid, 'add_credits', 'key-' || n, repeat('a', 64), 'user-' || CAST(:user AS int),
        'key bench', '{"user_id": "user-1", "amount": 100, "source": "manual", "priority": 50}',
        lpad(to_hex(n), 32, '0')::uuid, n, repeat('b', 64), 0, '{"transactions": [1], "lots": [1]}'
    FROM nextval('plain.seq') AS n
    RETURNING seq, id, user_id, at
), entry AS (
    INSERT INTO plain.transactions (tenant_id, id, seq, n, user_id, unit, amount, balance_after, source, lot_id,
        granted_by, effective_at, created_at)
    SELECT 1, id, seq, 0, user_id, 'USD', 100, 100, 'manual', id, 'key bench', at, at FROM event
), lot AS (
    INSERT INTO plain.lots (tenant_id, id, user_id, unit, kind, state, is_open, amount, remaining, spent, expired,
        reversed, forgiven, owed, demanded, on_refund, source, priority, seq, n, created_at, available_from,
        transaction_id, granted_by)
    SELECT 1, id, user_id, 'USD', 'CREDIT', 'BOOKED', true, 100, 100, 0, 0, 0, 0, 0, 0, 'full', 'manual', 50, seq, 1,
        at, at, id, 'key bench' FROM event
)
UPDATE plain.accounts SET balance = balance + 100, earned = earned + 100
WHERE tenant_id = 1 AND user_id = 'user-' || CAST(:user AS int) AND unit = 'USD';
