//! Pages of lists: what is asked for, and what is found.

use crate::domain::records::Position;
use crate::domain::refusal::Refusal;
use crate::store::{Count, Page as StorePage, Rows, Window};

/// Where an entry stands in its list: the values by which the list is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Numbers, the most significant first (the event's number, then the entry's).
    pub numbers: Vec<i64>,
    /// A text that tells equals apart (a user's id in a list ordered by balance).
    pub text: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many entries, 1 to 100.
    pub limit: u64,
    /// Is it the end of the list that is asked for?
    pub backwards: bool,
    /// Only what comes after this place.
    pub after: Option<Spot>,
    /// Only what comes before this place.
    pub before: Option<Spot>,
    /// Is the whole list to be counted too?
    pub counted: bool,
}

/// A part of a list, found.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The entries with their places, in the list's order.
    pub entries: Vec<(Spot, T)>,
    /// Is there more after them?
    pub has_next: bool,
    /// Is there more before them?
    pub has_previous: bool,
    /// How many the whole list has; asked for by [`PageRequest::counted`].
    pub total: Option<Count>,
}

impl From<Position> for Spot {
    fn from(position: Position) -> Self {
        Self { numbers: vec![position.seq, position.n.into()], text: None }
    }
}

impl Spot {
    /// A place in a list that is ordered by (event's number, entry's number).
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match (self.numbers.as_slice(), &self.text) {
            ([seq, n], None) => Some(Position { seq: *seq, n: i32::try_from(*n).ok()? }),
            _ => None,
        }
    }

    /// A place in a list that is ordered by one number.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match (self.numbers.as_slice(), &self.text) {
            ([number], None) => Some(*number),
            _ => None,
        }
    }
}

impl PageRequest {
    /// The page with its places read by `read`; BAD_USER_INPUT when a cursor names no such place.
    pub fn keyed<K>(&self, read: impl Fn(&Spot) -> Option<K>) -> Result<StorePage<K>, Refusal> {
        let place = |spot: Option<&Spot>| {
            spot.map(|spot| {
                read(spot).ok_or_else(|| {
                    Refusal::bad_input("This is no cursor of this list: pass one that it gave.")
                })
            })
            .transpose()
        };
        let window =
            if self.backwards { Window::Last(self.limit) } else { Window::First(self.limit) };
        let (after, before) = (place(self.after.as_ref())?, place(self.before.as_ref())?);
        Ok(StorePage { window, after, before })
    }

    /// The page of a list that is ordered by (event's number, entry's number).
    pub fn by_position(&self) -> Result<StorePage<Position>, Refusal> {
        self.keyed(Spot::position)
    }
}

impl<T> Page<T> {
    /// What the store found, each entry with its place.
    pub fn of(rows: Rows<T>, place: impl Fn(&T) -> Spot, total: Option<Count>) -> Self {
        Self {
            entries: rows.rows.into_iter().map(|row| (place(&row), row)).collect(),
            has_next: rows.has_next,
            has_previous: rows.has_previous,
            total,
        }
    }
}
