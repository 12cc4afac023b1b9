//! What a document costs: one unit for each field that it may bring into an answer. A list costs what
//! one entry costs, times the entries that it may have; the attribute `complexity` of each list says
//! how many those are. The executor adds it all up before anything is executed.

/// How many entries a page has when its size is not given.
pub const PAGE: usize = 20;
/// How many entries a page has at most.
pub const LONGEST_PAGE: usize = 100;

/// How many decisions an event brings, rarely more: one for each rule file that handles it.
pub const DECISIONS: usize = 2;
/// How many entries a short list has, rarely more: steps, a referral's rewards, what can be done next.
pub const SHORT_LIST: usize = 10;
/// How many days a series has at most.
pub const DAYS: usize = 366;
/// How many files a program has at most: rules, what describes it, examples and a key.
pub const FILES: usize = 19;
/// What a text of many lines costs (a rule file's source), or everything that a script could see.
pub const LONG_TEXT: usize = 20;

/// More than any limit, and so little that a document full of it can still be added up.
const BOUNDLESS: usize = 1 << 40;

/// A page of this size; `entry` is what one entry costs. A wrong size is refused when it is executed:
/// here it counts as the nearest right one.
pub fn page(first: Option<i32>, last: Option<i32>, entry: usize) -> usize {
    list(size(first.max(last), PAGE), entry)
}

/// The first entries of a list; `otherwise` many when it is not said how many.
pub fn first(first: Option<i32>, otherwise: usize, entry: usize) -> usize {
    list(size(first, otherwise), entry)
}

/// A list of so many entries; `entry` is what one entry costs.
pub fn list(entries: usize, entry: usize) -> usize {
    entries.saturating_mul(entry.max(1)).saturating_add(1).min(BOUNDLESS)
}

/// So many, of which there are at most `most`.
pub fn up_to(most: usize, given: i32) -> usize {
    usize::try_from(given).unwrap_or(1).min(most)
}

fn size(given: Option<i32>, otherwise: usize) -> usize {
    let within = |size: i32| usize::try_from(size).unwrap_or(1).clamp(1, LONGEST_PAGE);
    given.map_or(otherwise, within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_costs_its_entries() {
        assert_eq!(page(None, None, 3), 1 + 20 * 3);
        assert_eq!(page(Some(100), None, 3), 1 + 100 * 3);
        assert_eq!(page(None, Some(7), 3), 1 + 7 * 3);
        assert_eq!(page(Some(1), Some(50), 3), 1 + 50 * 3);
        assert_eq!(page(Some(i32::MAX), None, 3), 1 + 100 * 3);
        assert_eq!(page(Some(i32::MIN), Some(0), 3), 1 + 3);
        assert_eq!(first(None, 10, 2), 1 + 10 * 2);
    }

    #[test]
    fn the_greatest_cost_can_be_added_up() {
        let deepest = (0..50).fold(1, |below, _| page(Some(100), None, below));
        assert_eq!(deepest, BOUNDLESS);
        assert!(deepest.checked_mul(1_000_000).is_some());
    }
}
