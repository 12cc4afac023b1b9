//! Pages by key, never by offset: a page begins after a row that the caller saw.

/// Which rows of a list: so many from its beginning or its end, between two rows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<K> {
    /// How many, and from which end.
    pub window: Window,
    /// Only what comes after this place.
    pub after: Option<K>,
    /// Only what comes before this place.
    pub before: Option<K>,
}

/// How many rows, and from which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many from the beginning.
    First(u64),
    /// So many from the end.
    Last(u64),
}

impl Window {
    /// How many.
    #[must_use]
    pub const fn size(self) -> u64 {
        match self {
            Self::First(size) | Self::Last(size) => size,
        }
    }
}

impl<K> Page<K> {
    /// The first `size` rows.
    #[must_use]
    pub const fn first(size: u64) -> Self {
        Self { window: Window::First(size), after: None, before: None }
    }

    /// The last `size` rows.
    #[must_use]
    pub const fn last(size: u64) -> Self {
        Self { window: Window::Last(size), after: None, before: None }
    }
}

/// The rows of a page, in the list's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Is there more after them?
    pub has_next: bool,
    /// Is there more before them?
    pub has_previous: bool,
}

impl<R> Rows<R> {
    /// Makes a page of what was found: at most one row more than asked for, counted from the
    /// window's own end. A row seen earlier lies beyond the other end.
    #[must_use]
    pub fn cut<K>(page: &Page<K>, mut found: Vec<R>) -> Self {
        let size = usize::try_from(page.window.size()).unwrap_or(usize::MAX);
        let more = found.len() > size;
        found.truncate(size);
        match page.window {
            Window::First(_) => {
                Self { rows: found, has_next: more, has_previous: page.after.is_some() }
            }
            Window::Last(_) => {
                found.reverse();
                Self { rows: found, has_next: page.before.is_some(), has_previous: more }
            }
        }
    }

    /// The same page of something else.
    pub(super) fn try_map<T, E>(self, make: impl FnMut(R) -> Result<T, E>) -> Result<Rows<T>, E> {
        Ok(Rows {
            rows: self.rows.into_iter().map(make).collect::<Result<_, _>>()?,
            has_next: self.has_next,
            has_previous: self.has_previous,
        })
    }
}

/// How many rows a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// So many, or at least so many.
    pub total: i64,
    /// Are there perhaps more than `total`?
    pub capped: bool,
}

impl Count {
    /// Beyond this a filtered list is not counted on.
    pub const CAP: u64 = 10_000;

    /// Exactly so many.
    #[must_use]
    pub const fn exact(total: i64) -> Self {
        Self { total, capped: false }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a query finds of the list 0, 1, 2, ...: from the window's end, one row more than asked for.
    fn found(page: &Page<u64>, list: u64) -> Vec<u64> {
        let lies_between = |row: &u64| {
            page.after.is_none_or(|after| *row > after)
                && page.before.is_none_or(|before| *row < before)
        };
        let mut rows: Vec<_> = (0..list).filter(lies_between).collect();
        if matches!(page.window, Window::Last(_)) {
            rows.reverse();
        }
        rows.truncate(usize::try_from(page.window.size()).unwrap() + 1);
        rows
    }

    /// What Relay's specification of cursor connections says, word by word.
    fn relay(page: &Page<u64>, list: u64) -> Rows<u64> {
        let mut edges: Vec<_> = (0..list).collect();
        if let Some(after) = page.after {
            edges.retain(|row| *row > after);
        }
        if let Some(before) = page.before {
            edges.retain(|row| *row < before);
        }
        let all = edges.len();
        let size = usize::try_from(page.window.size()).unwrap();
        match page.window {
            Window::First(_) => {
                edges.truncate(size);
                // The entry of `after` lies before the page.
                Rows { rows: edges, has_next: all > size, has_previous: page.after.is_some() }
            }
            Window::Last(_) => {
                edges.drain(..all.saturating_sub(size));
                Rows { rows: edges, has_next: page.before.is_some(), has_previous: all > size }
            }
        }
    }

    proptest! {
        #[test]
        fn a_page_is_what_relay_says(
            list in 0..12_u64,
            size in 1..14_u64,
            backwards: bool,
            after in prop::option::of(0..12_u64),
            before in prop::option::of(0..12_u64),
        ) {
            let window = if backwards { Window::Last(size) } else { Window::First(size) };
            let page = Page { window, after, before };
            prop_assert_eq!(Rows::cut(&page, found(&page, list)), relay(&page, list));
        }
    }
}
