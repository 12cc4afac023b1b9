//! Finding users by the beginning of a text, in the order of their sign-up.
//!
//! Each text of a user has a row of its own. Beginnings of one to 32 characters have an index each,
//! by whose order the users with such a beginning come in the order of their sign-up; from eleven on
//! only texts that are so long are in it. Only the first
//! 255 characters are kept: a longer text may be longer than an entry of an index.

pub const ADDED: &[&str] = &[
    "CREATE TABLE user_texts (
        tenant_id BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        text {bytewise} NOT NULL,
        seq BIGINT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (tenant_id, user_id, text)
    )",
    "INSERT INTO user_texts (tenant_id, user_id, text, seq, n)
        SELECT tenant_id, id, substr(id_search, 1, 255), seq, n FROM users WHERE number > 0
        UNION
        SELECT tenant_id, id, substr(name_search, 1, 255), seq, n FROM users
            WHERE number > 0 AND name_search IS NOT NULL
        UNION
        SELECT tenant_id, id, substr(email_search, 1, 255), seq, n FROM users
            WHERE number > 0 AND email_search IS NOT NULL",
    "CREATE INDEX user_texts_text ON user_texts (tenant_id, text, seq, n)",
    "CREATE INDEX user_texts_1 ON user_texts (tenant_id, substr(text, 1, 1), seq, n)",
    "CREATE INDEX user_texts_2 ON user_texts (tenant_id, substr(text, 1, 2), seq, n)",
    "CREATE INDEX user_texts_3 ON user_texts (tenant_id, substr(text, 1, 3), seq, n)",
    "CREATE INDEX user_texts_4 ON user_texts (tenant_id, substr(text, 1, 4), seq, n)",
    "CREATE INDEX user_texts_5 ON user_texts (tenant_id, substr(text, 1, 5), seq, n)",
    "CREATE INDEX user_texts_6 ON user_texts (tenant_id, substr(text, 1, 6), seq, n)",
    "CREATE INDEX user_texts_7 ON user_texts (tenant_id, substr(text, 1, 7), seq, n)",
    "CREATE INDEX user_texts_8 ON user_texts (tenant_id, substr(text, 1, 8), seq, n)",
    "CREATE INDEX user_texts_9 ON user_texts (tenant_id, substr(text, 1, 9), seq, n)",
    "CREATE INDEX user_texts_10 ON user_texts (tenant_id, substr(text, 1, 10), seq, n)",
];

/// Indexes of longer beginnings.
pub fn longer() -> impl Iterator<Item = String> {
    (11..=32).map(|length| {
        format!(
            "CREATE INDEX user_texts_{length} ON user_texts
                (tenant_id, substr(text, 1, {length}), seq, n) WHERE length(text) >= {length}"
        )
    })
}

/// What is not looked at any more.
pub const DROPPED: &[&str] = &[
    "DROP INDEX IF EXISTS users_id_search",
    "DROP INDEX IF EXISTS users_name_search",
    "DROP INDEX IF EXISTS users_email_search",
];
