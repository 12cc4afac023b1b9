//! A CSV file: a header that names known columns, then one entry a line.

use std::io::Read;

use anyhow::{Context, bail, ensure};
use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};

/// A column that a file may have.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// Must every file have it?
    pub required: bool,
}

/// What is wrong with a line: the column where it is known, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    column: Option<&'static str>,
    message: String,
}

impl Wrong {
    /// Something about the whole line.
    pub fn line(message: impl Into<String>) -> Self {
        Self { column: None, message: message.into() }
    }

    /// Something about one cell.
    pub fn cell(column: &'static str, message: impl Into<String>) -> Self {
        Self { column: Some(column), message: message.into() }
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.column {
            Some(column) => write!(formatter, "column {column}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

/// An open file whose header was read and found good.
pub struct Sheet {
    reader: csv::Reader<Box<dyn Read + Send>>,
    columns: Vec<&'static str>,
    record: ByteRecord,
    /// How many of a line's end are counted only with the line after it: the reader ends a record at
    /// a CR, and counts the LF that may follow.
    counted_late: u64,
}

/// A line's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its number, the header's being 1; of an entry over several lines the first.
    pub line: u64,
    /// How many bytes of the file are read by its end.
    pub bytes: u64,
}

/// The cells of a line, by their columns.
pub struct Cells<'a> {
    columns: &'a [&'static str],
    record: &'a StringRecord,
}

impl Cells<'_> {
    /// What stands in a column; `None` when it is empty, or when the file has no such column.
    pub fn get(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|name| *name == column)?;
        self.record.get(place).filter(|text| !text.is_empty())
    }

    /// What stands in a column that must not be empty.
    pub fn required(&self, column: &'static str) -> Result<&str, Wrong> {
        self.get(column).ok_or_else(|| Wrong::cell(column, "is empty: fill it in."))
    }

    /// What stands in a column, read by `read`; `otherwise` says what should stand there.
    pub fn read<T>(
        &self,
        column: &'static str,
        otherwise: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Wrong> {
        let Some(text) = self.get(column) else { return Ok(None) };
        let wrong = || Wrong::cell(column, format!("{} is {otherwise}", shortened(text)));
        read(text).map(Some).ok_or_else(wrong)
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

impl Sheet {
    /// Reads the header; an error when it names none of the known columns, or lacks one.
    pub fn open(input: Box<dyn Read + Send>, known: &[Column]) -> anyhow::Result<Self> {
        // A last line without an end gets one, so that every line has.
        let input: Box<dyn Read + Send> = Box::new(input.chain(&b"\n"[..]));
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::Headers).from_reader(input);
        let header = reader.headers().context("The header cannot be read")?;
        let columns = columns(header, known)?;
        let counted_late = 2_u64.saturating_sub(reader.position().line());
        Ok(Self { reader, columns, record: ByteRecord::new(), counted_late })
    }

    /// Reads the next line: its place, and what `read` makes of its cells. `None` at the end; an
    /// error when the file cannot be read on.
    pub fn next<T>(
        &mut self,
        read: impl FnOnce(&Cells<'_>) -> Result<T, Wrong>,
    ) -> anyhow::Result<Option<(Place, Result<T, Wrong>)>> {
        let read_on = self.reader.read_byte_record(&mut self.record);
        if !read_on.context("The file cannot be read on")? {
            return Ok(None);
        }
        let after = self.reader.position();
        let line = first_line(&self.record, after.line() + self.counted_late);
        let place = Place { line, bytes: after.byte() };
        Ok(Some((
            place,
            self.cells()
                .and_then(|record| read(&Cells { columns: &self.columns, record: &record })),
        )))
    }

    fn cells(&self) -> Result<StringRecord, Wrong> {
        let record = StringRecord::from_byte_record(self.record.clone())
            .map_err(|_| Wrong::line("This is no UTF-8: save the file as UTF-8."))?;
        if record.len() == self.columns.len() {
            return Ok(record);
        }
        Err(Wrong::line(format!(
            "There are {} cells where the header has {}: put a cell with a comma in it in quotes.",
            record.len(),
            self.columns.len()
        )))
    }
}

/// The number of the line on which a record begins that ends before the line `after`: empty lines
/// before it are no part of it.
fn first_line(record: &ByteRecord, after: u64) -> u64 {
    let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
    after.saturating_sub(1 + within as u64)
}

/// The header's columns, as they are known.
fn columns(header: &StringRecord, known: &[Column]) -> anyhow::Result<Vec<&'static str>> {
    let names: Vec<&str> = known.iter().map(|column| column.name).collect();
    let names = names.join(", ");
    let mut columns = Vec::new();
    for name in header {
        let Some(column) = known.iter().find(|column| column.name == name) else {
            bail!("The header has an unknown column {name:?}: the known ones are {names}.");
        };
        ensure!(!columns.contains(&column.name), "The header has the column {name} twice.");
        columns.push(column.name);
    }
    for column in known.iter().filter(|column| column.required) {
        ensure!(
            columns.contains(&column.name),
            "The header lacks the column {}: the known ones are {names}.",
            column.name
        );
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Column; 2] =
        [Column { name: "id", required: true }, Column { name: "note", required: false }];

    fn open(text: &'static [u8]) -> anyhow::Result<Sheet> {
        Sheet::open(Box::new(text), &KNOWN)
    }

    /// The line and the id of each entry.
    fn entries(text: &'static [u8]) -> Vec<(u64, String)> {
        let mut sheet = open(text).unwrap();
        let mut found = Vec::new();
        while let Some((place, id)) =
            sheet.next(|cells| cells.required("id").map(str::to_owned)).unwrap()
        {
            found.push((place.line, id.unwrap_or_else(|wrong| wrong.to_string())));
        }
        found
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let texts: [&[u8]; 4] = [
            b"id,note\na,1\n\n\nb,\"two\nlines\"\nc,3",
            b"id,note\r\na,1\r\n\r\n\r\nb,\"two\r\nlines\"\r\nc,3\r\n",
            b"\xef\xbb\xbfid,note\na,1\n\n\nb,\"two\nlines\"\nc,3\n",
            b"id,note\na,1\n\n\n\"b\",\"two\nlines\"\nc,3\n\n\n",
        ];
        for text in texts {
            let expected = [(2, "a"), (5, "b"), (7, "c")];
            assert_eq!(entries(text), expected.map(|(line, id)| (line, id.to_owned())));
        }
    }

    #[test]
    fn a_header_names_what_is_known() {
        let refused = |text| open(text).err().unwrap().to_string();
        assert!(refused(b"id,colour\n").contains("\"colour\": the known ones are id, note."));
        assert!(refused(b"id;note\n").contains("\"id;note\""));
        assert!(refused(b"note\n").contains("lacks the column id"));
        assert!(refused(b"id,id\n").contains("twice"));
        assert!(refused(b"").contains("lacks the column id"));
        assert!(open(b" note , id \n").is_ok());
    }

    #[test]
    fn a_bad_line_says_why_and_the_next_is_read() {
        let found = entries(b"id,note\na\n\xff,x\n,x\nd,x\n");
        assert_eq!(found[0].0, 2);
        assert!(found[0].1.contains("1 cells where the header has 2"), "{found:?}");
        assert!(found[1].1.contains("UTF-8"), "{found:?}");
        assert_eq!(found[2].1, "column id: is empty: fill it in.");
        assert_eq!(found[3], (5, "d".to_owned()));
    }
}
