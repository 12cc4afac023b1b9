//! Amounts as people read them: `$10.00`, `¥1,000`, `12 messages`.

use rusty_money::iso::Currency;
use rusty_money::{Formatter, LocalFormat, Locale, Money, Params, Position, iso};

use super::amount::Amount;

/// Is this the code of an ISO 4217 currency (`USD`), in capitals?
#[must_use]
pub fn is_currency(code: &str) -> bool {
    iso::find(code).is_some_and(|currency| currency.iso_alpha_code == code)
}

/// Writes an amount of a unit for people: money with its symbol and as many digits as the currency
/// has (`$10.00` for 1000 USD), anything else as a number and the unit's name (`12 messages`).
#[must_use]
pub fn format_amount(unit: &str, amount: Amount) -> String {
    match iso::find(unit).filter(|currency| currency.iso_alpha_code == unit) {
        Some(currency) => {
            Formatter::money(&Money::from_minor(amount.get(), currency), written(currency))
        }
        None => format!("{} {unit}", with_commas(amount.get())),
    }
}

/// How the currency is written. The library's own patterns group the last nine digits alone.
fn written(currency: &Currency) -> Params<'static> {
    let format = LocalFormat::from_locale(currency.locale);
    let positions: &[Position] = if currency.symbol_first {
        &[Position::Sign, Position::Symbol, Position::Amount]
    } else {
        &[Position::Sign, Position::Amount, Position::Symbol]
    };
    Params {
        digit_separator: format.digit_separator,
        exponent_separator: format.exponent_separator,
        separator_pattern: match currency.locale {
            Locale::EnIn => &[3, 2, 2, 2, 2, 2, 2, 2],
            Locale::EnUs | Locale::EnEu | Locale::EnBy => &[3, 3, 3, 3, 3],
        },
        positions,
        rounding: Some(currency.exponent),
        symbol: Some(currency.symbol),
        code: Some(currency.iso_alpha_code),
    }
}

fn with_commas(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(unit: &str, amount: i64) -> String {
        format_amount(unit, Amount::new(amount).unwrap())
    }

    #[test]
    fn money_has_its_symbol_and_its_digits() {
        assert_eq!(shown("USD", 1_000), "$10.00");
        assert_eq!(shown("USD", 123_456_789), "$1,234,567.89");
        assert_eq!(shown("USD", -5), "-$0.05");
        assert_eq!(shown("JPY", 1_000), "¥1,000");
        assert_eq!(shown("KWD", -1_234_567), "-د.ك1,234.567");
        assert_eq!(shown("JPY", Amount::MAX.get()), "¥9,007,199,254,740,991");
        assert_eq!(shown("INR", Amount::MAX.get()), "₹9,00,71,99,25,47,409.91");
    }

    #[test]
    fn another_unit_is_a_number_and_its_name() {
        assert_eq!(shown("messages", 12), "12 messages");
        assert_eq!(shown("credits", -1_234_567), "-1,234,567 credits");
        assert_eq!(shown("usd", 100), "100 usd");
    }

    #[test]
    fn only_codes_in_capitals_are_currencies() {
        assert!(is_currency("USD") && is_currency("JPY"));
        assert!(!is_currency("usd") && !is_currency("credits") && !is_currency(""));
    }
}
