//! Looks for misspelt names before a rule ever runs: functions that nobody defines, facts that no
//! event has, settings that `program.toml` does not name.

use std::collections::BTreeSet;

use rhai::AST;

use crate::domain::rules::RuleError;

use super::fault::placed;
use super::manifest::Manifest;
use super::scan::Token;
use super::spelling::nearest;

/// What a handler finds in `ctx`, part by part; a part without fields is a value, or a tenant's own.
const FACTS: [(&str, &[&str]); 13] = [
    ("event", &["type", "id", "at", "amount", "currency", "plan", "data"]),
    (
        "user",
        &[
            "id",
            "name",
            "email",
            "email_verified",
            "created_at",
            "number",
            "traits",
            "purchase_count",
            "purchase_total",
            "first_purchase_done",
            "balance",
            "total_earned",
            "steps_done",
            "steps_left",
            "onboarded",
        ],
    ),
    ("referral", &["id", "code", "status", "converted", "approved", "signed_up_at"]),
    ("referrer", &["id", "clicks", "signups", "conversions", "credited", "total_earned"]),
    ("purchase", &["id", "amount", "refunded", "fully_refunded", "plan", "data"]),
    ("program", &["users", "credited_referrals"]),
    ("signals", &["same_ip", "same_device", "same_email", "signups_from_ip_24h", "reciprocal"]),
    ("caps", &[]),
    ("settings", &[]),
    ("now", &[]),
    ("code", &[]),
    ("steps", &[]),
    (
        "invites",
        &[
            "id",
            "open",
            "code",
            "link",
            "clicks",
            "signups",
            "conversions",
            "credited",
            "total_earned",
            "limit",
            "remaining",
            "caps",
        ],
    ),
];

/// The words of rules.
const VERBS: [&str; 23] = [
    "credit",
    "quota",
    "feature",
    "stripe_balance",
    "credit_referral",
    "hold_referral",
    "reject_referral",
    "complete_step",
    "notify",
    "emit",
    "skip",
    "next",
    "plural",
    "days",
    "hours",
    "months",
    "add",
    "percent",
    "format_money",
    "tier",
    "between",
    "date",
    "bucket",
];

/// What Rhai's own packages offer, and its words that a bracket may follow.
const RHAI: &str = "abs all append as_string bits blob bytes call catch chars chop clear contains \
    crop curry debug dedup drain end ends_with extract fill_with filter find find_map Fn for \
    for_each get get_bit get_bits if in index_of insert is_anonymous is_def_fn is_def_var is_empty \
    is_even is_exclusive is_inclusive is_odd is_zero keys len make_lower make_upper map max min \
    mixin name order order_by order_desc pad parse_be_int parse_int parse_le_int pop print push \
    range reduce reduce_rev remove replace retain return reverse set set_bit set_bits shift sign \
    some sort sort_by sort_desc splice split split_rev start starts_with sub_string throw to_array \
    to_binary to_blob to_chars to_debug to_hex to_int to_json to_lower to_octal to_string to_upper \
    trim truncate type_of until values while write_ascii write_be write_le write_utf8 zip else loop";

/// The names that a rule file may use.
pub struct Known<'a> {
    functions: BTreeSet<&'a str>,
    settings: Vec<&'a str>,
    caps: Vec<&'a str>,
}

impl<'a> Known<'a> {
    /// The names of the program, of the file's own functions and of the engine.
    pub fn of(manifest: &'a Manifest, ast: &'a AST) -> Self {
        let own = ast.iter_functions().map(|function| function.name);
        Self {
            functions: own.chain(VERBS).chain(RHAI.split_whitespace()).collect(),
            settings: manifest.defaults().keys().map(String::as_str).collect(),
            caps: manifest.cap_names().collect(),
        }
    }

    fn fields(&self, part: &str) -> Vec<&'a str> {
        match part {
            "settings" => self.settings.clone(),
            "caps" => self.caps.clone(),
            _ => FACTS
                .iter()
                .find(|(name, _)| *name == part)
                .map_or_else(Vec::new, |(_, fields)| fields.to_vec()),
        }
    }
}

/// Checks the names in a rule file. The error has the place, and the name that was perhaps meant.
pub fn check(file: &str, words: &[Token], known: &Known) -> Result<(), RuleError> {
    for (index, word) in words.iter().enumerate() {
        let rest = &words[index + 1..];
        if is_name(word) && rest.first().is_some_and(|next| next.text == "(") {
            check_function(file, word, known)?;
        }
        let before = index.checked_sub(1).and_then(|before| words.get(before));
        if word.text == "ctx" && before.is_none_or(|before| before.text != ".") {
            check_facts(file, rest, known)?;
        }
    }
    Ok(())
}

fn check_function(file: &str, word: &Token, known: &Known) -> Result<(), RuleError> {
    if known.functions.contains(word.text) {
        return Ok(());
    }
    Err(unknown(file, word, "function", known.functions.iter().copied()))
}

/// Checks `.part` and `.part.field` after `ctx`.
fn check_facts(file: &str, rest: &[Token], known: &Known) -> Result<(), RuleError> {
    let Some((part, rest)) = property(rest) else { return Ok(()) };
    if !FACTS.iter().any(|(name, _)| *name == part.text) {
        return Err(unknown(file, part, "fact ctx", FACTS.iter().map(|(name, _)| *name)));
    }
    let Some((field, _)) = property(rest) else { return Ok(()) };
    let fields = known.fields(part.text);
    let open = fields.is_empty() && part.text != "settings" && part.text != "caps";
    if open || fields.contains(&field.text) {
        return Ok(());
    }
    let what = match part.text {
        "settings" => "setting".to_owned(),
        "caps" => "cap".to_owned(),
        part => format!("fact ctx.{part}"),
    };
    Err(unknown(file, field, &what, fields.into_iter()))
}

/// The property that follows, by `.` or `?.`, unless it is the call of a function.
fn property<'t, 's>(rest: &'t [Token<'s>]) -> Option<(&'t Token<'s>, &'t [Token<'s>])> {
    let skip = usize::from(rest.first()?.text == "?");
    let dot = rest.get(skip).filter(|dot| dot.text == ".");
    let name = dot.and(rest.get(skip + 1)).filter(|name| is_name(name))?;
    let after = &rest[skip + 2..];
    let called = after.first().is_some_and(|next| next.text == "(");
    (!called).then_some((name, after))
}

fn is_name(word: &Token) -> bool {
    word.text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

fn unknown<'a>(
    file: &str,
    word: &Token,
    what: &str,
    known: impl Iterator<Item = &'a str>,
) -> RuleError {
    let known: Vec<&str> = known.collect();
    let hint = match nearest(word.text, known.iter().copied()) {
        Some(meant) => format!(" Did you mean `{meant}`?"),
        None if known.is_empty() => " There is none.".to_owned(),
        None if known.len() <= 20 => format!(" Known: {}.", known.join(", ")),
        None => String::new(),
    };
    let name = match what.strip_prefix("fact ") {
        Some(part) => format!("fact {part}.{}", word.text),
        None => format!("{what} `{}`", word.text),
    };
    placed(format!("There is no {name}.{hint}"), file, word.position())
}

#[cfg(test)]
mod tests {
    use super::super::sandbox;
    use super::super::scan::tokens;
    use super::*;

    const MANIFEST: &str = "name = 'T'\ncurrency = 'USD'\nlink = 'https://e.com/{code}'\n[settings]\nbonus = 1\n[caps.daily]\nscope = 'user'\nwindow = 'day'\ncount = 1";

    fn checked(body: &str) -> Result<(), RuleError> {
        let source = format!("fn half(n) {{ n / 2 }}\nfn on_purchase(ctx) {{\n{body}\n}}");
        let manifest = Manifest::read(MANIFEST, &Default::default()).unwrap();
        let ast = sandbox::compile("a.rhai", &source).unwrap();
        check("a.rhai", &tokens(&source), &Known::of(&manifest, &ast))
    }

    #[test]
    fn what_is_known_passes() {
        for body in [
            "half(ctx.settings.bonus)",
            "ctx.event.data.anything + ctx.user.traits.anything",
            "if (ctx.referral?.status) == () { return (5); }",
            "ctx.caps.daily.remaining",
            "ctx.settings.keys().len()",
            "`${half(1)} // half(` + \"crdit(\"",
            "[1].map(|x| x)",
            "let x = #{ctx: 1}; x.ctx.whatever",
            "next(\"a\", ctx.invites.remaining, plural(ctx.user.steps_left, \"b\", \"c\"))",
            "ctx.steps.filter(|step| !step.done).len() + ctx.invites.caps.daily.limit",
        ] {
            assert_eq!(checked(body), Ok(()), "{body}");
        }
    }

    #[test]
    fn what_is_misspelt_is_named_with_its_place_and_what_was_meant() {
        for (body, message) in [
            ("crdit(ctx.user, 1, 'r')", "no function `crdit`. Did you mean `credit`?"),
            ("ctx.evnt.amount", "no fact ctx.evnt. Did you mean `event`?"),
            ("ctx.event.amout", "no fact ctx.event.amout. Did you mean `amount`?"),
            ("`${ctx.settings.bonsu}`", "no setting `bonsu`. Did you mean `bonus`?"),
            ("ctx.caps.dayly", "no cap `dayly`. Did you mean `daily`?"),
            ("ctx.invites.remainig", "no fact ctx.invites.remainig. Did you mean `remaining`?"),
            ("nxt(\"a\", (), \"b\")", "no function `nxt`. Did you mean `next`?"),
            ("ctx.settings.zzz", "no setting `zzz`. Known: bonus."),
        ] {
            let error = checked(body).unwrap_err();
            assert!(error.message.contains(message), "{body}: {error}");
            assert_eq!(error.line, Some(3));
        }
    }
}
