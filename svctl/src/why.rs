//! `svctl why`: how a service came to where it is, and what happens next.

mod deaths;
mod plan;

use std::ffi::OsString;
use std::fmt::Write;

use cli::options::{self, Name, Opt, Program, Word};
use cli::{Failure, Unable, answer};
use sys::clock;

use crate::logs::{place, tail};
use crate::named::{self, Place};
use crate::status::view::View;

/// Deaths that are shown, unless `-n` says otherwise; and lines of the log.
const DEATHS: usize = 5;
/// Lines of its log.
const LINES: usize = 5;
/// The most of one line, in bytes.
const WIDEST: usize = 240;

/// The verb as its users see it.
pub(crate) const PROGRAM: Program = Program {
    name: "svctl why",
    about: "says how services came to where they are, and what happens next",
    usage: &["[ -C dir ] [ -n deaths ] name..."],
    options: &[Opt::value('n', "deaths", "so many of the last deaths; default 5"), named::SCAN],
};

/// Says it.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(()) };
    let (mut most, mut scan, mut names) = (DEATHS, None, Vec::new());
    for word in words {
        match word {
            Word::Operand(name) => names.push(name),
            Word::Option(Name::Letter('C'), value) => scan = Some(value),
            Word::Option(_, value) => most = options::number(&value, "the number of deaths")?,
        }
    }
    if names.is_empty() {
        return Err(PROGRAM.usage());
    }
    let mut text = String::new();
    for place in named::services(scan, names)? {
        if !text.is_empty() {
            text.push('\n');
        }
        explain(&mut text, place, most);
    }
    answer(text.as_bytes()).unable(|| "write to standard output")
}

// Writing to a String cannot fail.
fn explain(text: &mut String, place: Place, most: usize) {
    let view = View::look(place);
    let now = clock::now().wall;
    let name = printable(&view.name.to_string_lossy());
    let _ = writeln!(text, "{name}: {}", view.state());
    for sentence in plan::sentences(&view, now) {
        let _ = writeln!(text, "  {}", printable(&sentence));
    }
    if let Some(sentence) = plan::left(&view) {
        let _ = writeln!(text, "  {}", printable(&sentence));
    }
    for line in deaths::lines(&view, most, now) {
        let _ = writeln!(text, "  {line}");
    }
    add_log(text, &view);
}

/// The last lines of its log, if it has one.
fn add_log(text: &mut String, view: &View) {
    let Some(dir) = place::of(&view.dir) else { return };
    let Ok(lines) = tail::last(&dir, LINES) else { return };
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "  the last lines of its log, {}:", printable(&dir.to_string_lossy()));
    for line in lines {
        let shown = String::from_utf8_lossy(&line[..line.len().min(WIDEST)]).into_owned();
        let _ = writeln!(text, "    {}", printable(&crate::logs::in_local_time(&shown)));
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '?' } else { c }).collect()
}
