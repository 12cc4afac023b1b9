//! What is counted: caps, once-keys, fingerprints, running totals and referrers' days.

pub const TABLES: &[&str] = &[
    "CREATE TABLE cap_uses (
        tenant_id BIGINT NOT NULL,
        cap TEXT NOT NULL,
        cap_window TEXT NOT NULL,
        subject TEXT NOT NULL,
        used BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, cap, cap_window, subject)
    )",
    "CREATE TABLE onces (
        tenant_id BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        once_key TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, user_id, once_key)
    )",
    "CREATE TABLE fingerprints (
        tenant_id BIGINT NOT NULL,
        kind TEXT NOT NULL,
        hash TEXT NOT NULL,
        user_id TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, kind, hash, user_id)
    )",
    "CREATE INDEX fingerprints_user ON fingerprints (tenant_id, user_id)",
    "CREATE TABLE tallies (
        tenant_id BIGINT NOT NULL,
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        value BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, scope, name)
    )",
    "CREATE TABLE referrer_days (
        tenant_id BIGINT NOT NULL,
        day TEXT NOT NULL,
        user_id TEXT NOT NULL,
        credited BIGINT NOT NULL,
        earned BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, day, user_id)
    )",
];
