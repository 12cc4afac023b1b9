//! Events, fact sheets and decisions. What is personal stands in tables of its own, so that it can
//! be deleted; the row beside it keeps a keyed digest.

pub const TABLES: &[&str] = &[
    "CREATE TABLE events (
        tenant_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        id {uuid} NOT NULL,
        operation TEXT NOT NULL,
        idempotency_key TEXT,
        input_hash TEXT NOT NULL,
        user_id TEXT,
        actor TEXT NOT NULL,
        body TEXT NOT NULL,
        personal_digest TEXT,
        seed {uuid} NOT NULL,
        at BIGINT NOT NULL,
        program_hash TEXT NOT NULL,
        settings_version BIGINT NOT NULL,
        answer TEXT NOT NULL,
        PRIMARY KEY (tenant_id, seq),
        CONSTRAINT events_id UNIQUE (tenant_id, id),
        CONSTRAINT events_key UNIQUE (tenant_id, operation, idempotency_key),
        CONSTRAINT events_seq CHECK (seq > 0)
    )",
    "CREATE INDEX events_at ON events (tenant_id, at, seq)",
    "CREATE TABLE event_personal (
        tenant_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        user_id TEXT,
        personal TEXT NOT NULL,
        PRIMARY KEY (tenant_id, seq),
        CONSTRAINT event_personal_event
            FOREIGN KEY (tenant_id, seq) REFERENCES events (tenant_id, seq)
    )",
    "CREATE INDEX event_personal_user ON event_personal (tenant_id, user_id)",
    "CREATE TABLE fact_sheets (
        tenant_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        n INTEGER NOT NULL,
        event TEXT NOT NULL,
        user_id TEXT NOT NULL,
        facts TEXT NOT NULL,
        personal_digest TEXT,
        purchase_id TEXT,
        referral_id {uuid},
        PRIMARY KEY (tenant_id, seq, n)
    )",
    "CREATE TABLE fact_personal (
        tenant_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        n INTEGER NOT NULL,
        user_id TEXT NOT NULL,
        personal TEXT NOT NULL,
        PRIMARY KEY (tenant_id, seq, n),
        CONSTRAINT fact_personal_sheet
            FOREIGN KEY (tenant_id, seq, n) REFERENCES fact_sheets (tenant_id, seq, n)
    )",
    "CREATE INDEX fact_personal_user ON fact_personal (tenant_id, user_id)",
    "CREATE TABLE decisions (
        tenant_id BIGINT NOT NULL,
        id {uuid} NOT NULL,
        seq BIGINT NOT NULL,
        n INTEGER NOT NULL,
        sheet_seq BIGINT NOT NULL,
        sheet_n INTEGER NOT NULL,
        event TEXT NOT NULL,
        user_id TEXT NOT NULL,
        rule TEXT NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT,
        effects TEXT NOT NULL,
        program_hash TEXT NOT NULL,
        settings_version BIGINT NOT NULL,
        duration_micros BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        retries {uuid},
        retried_by {uuid},
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT decisions_position UNIQUE (tenant_id, seq, n)
    )",
    "CREATE INDEX decisions_user ON decisions (tenant_id, user_id, seq, n)",
    "CREATE INDEX decisions_event ON decisions (tenant_id, event, seq, n)",
    "CREATE INDEX decisions_outcome ON decisions (tenant_id, outcome, seq, n)",
    "CREATE TABLE emissions (
        tenant_id BIGINT NOT NULL,
        id {uuid} NOT NULL,
        seq BIGINT NOT NULL,
        n INTEGER NOT NULL,
        user_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        attempts INTEGER NOT NULL,
        next_attempt_at BIGINT,
        delivered_at BIGINT,
        PRIMARY KEY (tenant_id, id)
    )",
    "CREATE INDEX emissions_waiting ON emissions (tenant_id, next_attempt_at)
        WHERE next_attempt_at IS NOT NULL",
];
