//! The table: columns that are as wide as they must be, fewer of them where a terminal is narrow.

use crate::display::{cut, width};

/// Columns: name, state, pid, since, restarts, last exit, note.
pub(crate) const COLUMNS: usize = 7;

const HEADS: [&str; COLUMNS] = ["NAME", "STATE", "PID", "SINCE", "RESTARTS", "LAST EXIT", "NOTE"];
/// Numbers stand at the right.
const RIGHT: [bool; COLUMNS] = [false, false, true, true, true, false, false];
/// What goes first where there is not enough room. Name and state always stay.
const DROPPED: [usize; 5] = [RESTARTS, PID, SINCE, LAST_EXIT, NOTE];

const NAME: usize = 0;
const STATE: usize = 1;
const PID: usize = 2;
const SINCE: usize = 3;
const RESTARTS: usize = 4;
const LAST_EXIT: usize = 5;
const NOTE: usize = 6;

/// Between two columns.
const GAP: usize = 2;
/// A note is cut rather than dropped if so much of it can be shown.
const LEAST_NOTE: usize = 12;
/// A name is not cut to less than this.
const LEAST_NAME: usize = 4;

/// One place of the table.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// What stands there; nothing in it controls a terminal.
    pub(crate) text: String,
    /// How it is meant.
    pub(crate) tone: Tone,
}

/// How a cell is meant: its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// The head of a column.
    Head,
    /// As it should be.
    Good,
    /// On its way, or to be looked at.
    Busy,
    /// Not as it should be.
    Bad,
    /// At rest, as wanted.
    Faint,
}

/// A service.
#[derive(Clone, Debug)]
pub(crate) struct Row(pub(crate) [Cell; COLUMNS]);

/// Where the table is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Columns of the terminal; `None`: as many as needed.
    pub(crate) width: Option<usize>,
    /// It has colours.
    pub(crate) colour: bool,
}

impl Cell {
    /// A text and nothing special.
    pub(crate) fn plain(text: String) -> Cell {
        Cell { text, tone: Tone::Plain }
    }
}

impl Tone {
    /// The parameter of SGR (ECMA-48, 8.3.117).
    fn sgr(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Head => "1",
            Tone::Good => "32",
            Tone::Busy => "33",
            Tone::Bad => "31",
            Tone::Faint => "2",
        }
    }
}

/// A line for the heads, a line for each row; none for no rows.
pub(crate) fn draw(rows: &[Row], screen: Screen) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = Row(HEADS.map(|text| Cell { text: text.to_owned(), tone: Tone::Head }));
    let widths = layout(&natural(&head, rows), screen.width);
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        line(&mut text, row, &widths, screen.colour);
    }
    text
}

/// The width that each column would like; a note that nobody has, none.
fn natural(head: &Row, rows: &[Row]) -> [usize; COLUMNS] {
    let widest = |column: usize, row: &Row| width(&row.0[column].text);
    std::array::from_fn(|column| {
        let content = rows.iter().map(|row| widest(column, row)).max().unwrap_or(0);
        if column == NOTE && content == 0 { 0 } else { content.max(widest(column, head)) }
    })
}

/// The widths in a room of `most` columns; 0: the column is not there.
fn layout(natural: &[usize; COLUMNS], most: Option<usize>) -> [usize; COLUMNS] {
    let mut widths = *natural;
    let Some(most) = most else { return widths };
    for column in DROPPED {
        // What does not fit only for the note's sake is the note's to give.
        let rest = total(&widths) - widths[NOTE];
        if widths[NOTE] > 0 && rest + LEAST_NOTE.min(widths[NOTE]) <= most {
            widths[NOTE] = widths[NOTE].min(most - rest);
        }
        if total(&widths) <= most {
            return widths;
        }
        widths[column] = 0;
    }
    let over = total(&widths).saturating_sub(most);
    widths[NAME] = widths[NAME].saturating_sub(over).max(LEAST_NAME);
    let over = total(&widths).saturating_sub(most);
    widths[STATE] = widths[STATE].saturating_sub(over).max(1);
    widths
}

fn total(widths: &[usize; COLUMNS]) -> usize {
    let shown = widths.iter().filter(|&&width| width > 0);
    shown.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
}

fn line(text: &mut String, row: &Row, widths: &[usize; COLUMNS], colour: bool) {
    // Blanks are written when something follows: no line ends with them.
    let mut blanks = 0;
    for (column, cell) in row.0.iter().enumerate().filter(|&(column, _)| widths[column] > 0) {
        let shown = cut(&cell.text, widths[column]);
        let free = widths[column].saturating_sub(width(&shown));
        let (before, after) = if RIGHT[column] { (free, 0) } else { (0, free) };
        if !shown.is_empty() {
            text.extend(std::iter::repeat_n(' ', blanks + before));
            blanks = 0;
            match cell.tone.sgr() {
                sgr if colour && !sgr.is_empty() => {
                    text.extend(["\x1b[", sgr, "m", &shown, "\x1b[m"]);
                }
                _ => text.push_str(&shown),
            }
        }
        blanks += after + GAP;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests;
