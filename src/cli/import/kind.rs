//! What the files that can be imported have in common.

use super::sheet::{Cells, Column, Wrong};
use crate::domain::refusal::Refusal;
use crate::operations::Call;

/// What a line stands for.
pub trait Kind: Send + 'static {
    /// The columns of its files.
    const COLUMNS: &'static [Column];
    /// What the lines are, and what is said of new ones and of those that were done before.
    const WORDS: [&'static str; 3];
    /// A line, read.
    type Item: Clone + Send;

    /// Reads a line and looks at it in itself.
    fn read(&mut self, cells: &Cells<'_>) -> Result<Self::Item, Wrong>;

    /// Does what it stands for; `false` when that was done before.
    fn send(call: &Call, item: Self::Item) -> impl Future<Output = Result<bool, Refusal>>;

    /// Looks whether it could be done, of many together; `false` where it was done before.
    fn check(
        call: &Call,
        items: &[Self::Item],
    ) -> impl Future<Output = Result<Vec<Result<bool, Refusal>>, Refusal>>;
}
