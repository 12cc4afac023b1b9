//! Tenants, their keys, lanes and settings; and the programs, which tenants share.

pub const TABLES: &[&str] = &[
    "CREATE TABLE tenants (
        id {number},
        slug TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        currency TEXT,
        program TEXT NOT NULL,
        jwt_secret TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )",
    "CREATE TABLE api_keys (
        tenant_id BIGINT NOT NULL,
        id {uuid} NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        hash TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        revoked_at BIGINT,
        expires_at BIGINT,
        last_used_at BIGINT,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT api_keys_hash UNIQUE (tenant_id, hash),
        CONSTRAINT api_keys_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id)
    )",
    "CREATE TABLE lanes (
        tenant_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        last_at BIGINT NOT NULL,
        program TEXT NOT NULL,
        program_hash TEXT NOT NULL,
        settings_version BIGINT NOT NULL,
        settings TEXT NOT NULL,
        users BIGINT NOT NULL,
        credited_referrals BIGINT NOT NULL,
        PRIMARY KEY (tenant_id),
        CONSTRAINT lanes_counts CHECK (seq >= 0 AND settings_version >= 0 AND users >= 0),
        CONSTRAINT lanes_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id)
    )",
    "CREATE TABLE settings_versions (
        tenant_id BIGINT NOT NULL,
        version BIGINT NOT NULL,
        settings TEXT NOT NULL,
        seq BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, version)
    )",
    "CREATE TABLE program_versions (
        name TEXT NOT NULL,
        hash TEXT NOT NULL,
        files TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (name, hash)
    )",
    "CREATE TABLE active_programs (
        name TEXT NOT NULL,
        hash TEXT NOT NULL,
        activated_at BIGINT NOT NULL,
        error TEXT,
        PRIMARY KEY (name)
    )",
];
