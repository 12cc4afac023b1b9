//! What commands write.

/// Writes a line for people or programs; a reader that went away is no failure.
#[expect(clippy::unnecessary_wraps, reason = "every command ends in a result")]
pub fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    drop(writeln!(std::io::stdout().lock(), "{}", text.trim_end()));
    Ok(())
}
