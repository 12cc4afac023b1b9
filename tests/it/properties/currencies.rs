//! Currencies without decimals, with two and with three: amounts are whole numbers of the smallest
//! part everywhere, and only their text knows where the point belongs.

use std::path::Path;
use std::sync::LazyLock;

use guerdon::domain::amount::Amount;
use guerdon::domain::effect::Effect;
use guerdon::domain::money::format_amount;
use guerdon::domain::rules::{Answer, Rules};
use guerdon::rules::bound::Bound;
use guerdon::rules::compile::Compiled;
use guerdon::rules::files::ProgramFiles;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::bounds::edge;
use super::config;
use super::tenant::money;

/// How money is written: code, decimals, symbol, is it in front, what groups digits, what ends them.
type Written = (&'static str, usize, &'static str, bool, char, char);

const CURRENCIES: [Written; 10] = [
    ("JPY", 0, "¥", true, ',', '.'),
    ("KRW", 0, "₩", true, ',', '.'),
    ("ISK", 0, "kr.", true, '.', ','),
    ("USD", 2, "$", true, ',', '.'),
    ("EUR", 2, "€", true, '.', ','),
    ("INR", 2, "₹", true, ',', '.'),
    ("SEK", 2, "kr", false, ' ', ','),
    ("BHD", 3, "د.ب", true, ',', '.'),
    ("KWD", 3, "د.ك", true, ',', '.'),
    ("TND", 3, "د.ت", false, ',', '.'),
];

/// An amount as it should be written, digit by digit from the last.
fn written((code, decimals, symbol, in_front, group, point): Written, amount: i64) -> String {
    let mut digits: Vec<char> = amount.abs().to_string().chars().rev().collect();
    while digits.len() <= decimals {
        digits.push('0');
    }
    let mut text = Vec::new();
    for (n, digit) in digits.into_iter().enumerate() {
        match n.checked_sub(decimals) {
            Some(0) if decimals > 0 => text.push(point),
            // In India, after the thousands come lakhs and crores.
            Some(whole @ 5..) if code == "INR" && whole % 2 == 1 => text.push(group),
            Some(whole @ 3..) if whole.is_multiple_of(3) && (code != "INR" || whole == 3) => {
                text.push(group);
            }
            _ => {}
        }
        text.push(digit);
    }
    let number: String = text.into_iter().rev().collect();
    let sign = if amount < 0 { "-" } else { "" };
    if in_front { format!("{sign}{symbol}{number}") } else { format!("{sign}{number}{symbol}") }
}

/// A rule that says what it calculates.
const ASKED: &str = r#"
fn on_asked(ctx) {
    let data = ctx.event.data;
    [
        credit(ctx.user, data.amount, "manual"),
        emit("answer", #{
            text: format_money(data.amount),
            part: percent(data.amount, data.percent),
            step: tier(data.amount, [[-9007199254740991, 0], [1, 1], [1000, 2], [9007199254740991, 3]]),
        }),
    ]
}
"#;

/// The rule in a program of each currency.
static PROGRAMS: LazyLock<Vec<Bound>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let files = ProgramFiles::read(&folder, "harbour").unwrap();
    let bind = |(code, ..): &Written| {
        let manifest = files.manifest().replace("\"JPY\"", &format!("{code:?}"));
        let drafts =
            [("program.toml".to_owned(), manifest), ("ask.rhai".to_owned(), ASKED.to_owned())];
        Compiled::compile(&files.with_drafts(&drafts)).unwrap().bind(&Map::new())
    };
    CURRENCIES.iter().map(bind).collect()
});

/// What the rule asks for: the credit's amount, and what it says; or its error.
fn answer(rules: &Bound, amount: i64, percent: i64) -> Result<(Amount, Value), String> {
    let data = json!({ "amount": amount, "percent": percent });
    let facts = json!({ "event": { "data": data }, "user": { "id": "ann" }, "now": 0 });
    let verdict = rules.decide("asked", &facts).remove(0);
    match verdict.answer {
        Answer::Effects(effects) => match &effects[..] {
            [Effect::Credit { amount, .. }, Effect::Emit { data, .. }] => {
                Ok((*amount, data.clone()))
            }
            other => panic!("{other:?}"),
        },
        Answer::Failed(error) => Err(error.to_string()),
        Answer::Skip(reason) => panic!("{reason}"),
    }
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn money_is_written_with_its_decimals(
        n in 0..CURRENCIES.len(),
        amount in prop_oneof![-2_000..2_000_i64, -3_000_000..3_000_000_i64, edge(), edge().prop_map(|edge| -edge)],
    ) {
        let currency = CURRENCIES[n];
        prop_assert_eq!(format_amount(currency.0, money(amount)), written(currency, amount));
    }
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn rules_calculate_in_the_smallest_part(
        n in 0..CURRENCIES.len(),
        amount in prop_oneof![0..3_000_i64, edge()],
        percent in prop_oneof![3 => 0..=101_i64, 1 => edge()],
    ) {
        let exact = i128::from(amount) * i128::from(percent) / 100;
        let answer = answer(&PROGRAMS[n], amount, percent);
        if i64::try_from(exact).is_err() {
            let error = answer.unwrap_err();
            prop_assert!(error.contains("too great"), "{}", error);
            return Ok(());
        }
        let (credited, said) = answer.unwrap();
        prop_assert_eq!(credited.get(), amount);
        prop_assert_eq!(&said["text"], &written(CURRENCIES[n], amount));
        prop_assert_eq!(said["part"].as_i64().map(i128::from), Some(exact));
        let step = match amount {
            ..=0 => 0,
            1..=999 => 1,
            1_000..=9_007_199_254_740_990 => 2,
            _ => 3,
        };
        prop_assert_eq!(said["step"].as_i64(), Some(step));
    }

    #[test]
    fn a_rule_cannot_give_beyond_the_bounds(
        n in 0..CURRENCIES.len(), beyond in 1..1_000_000_i64, negative in any::<bool>(),
    ) {
        let amount = if negative { -beyond } else { Amount::MAX.get() + beyond };
        prop_assert!(answer(&PROGRAMS[n], amount, 1).is_err());
    }
}
