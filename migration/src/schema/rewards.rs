//! Promotion codes.

pub const TABLES: &[&str] = &[
    "CREATE TABLE promos (
        tenant_id BIGINT NOT NULL,
        matched TEXT NOT NULL,
        shown TEXT NOT NULL,
        active BOOLEAN NOT NULL,
        max_redemptions BIGINT,
        redemptions BIGINT NOT NULL,
        per_user BIGINT NOT NULL,
        starts_at BIGINT,
        ends_at BIGINT,
        data TEXT NOT NULL,
        seq BIGINT NOT NULL,
        n INTEGER NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, matched),
        CONSTRAINT promos_position UNIQUE (tenant_id, seq, n),
        CONSTRAINT promos_redemptions CHECK (redemptions >= 0)
    )",
    "CREATE TABLE promo_uses (
        tenant_id BIGINT NOT NULL,
        code TEXT NOT NULL,
        user_id TEXT NOT NULL,
        count BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, code, user_id)
    )",
];
