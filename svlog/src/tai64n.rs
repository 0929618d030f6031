//! The filters `tai64n` and `tai64nlocal`, of daemontools and of s6: from standard input to standard output.

use std::ffi::OsString;
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Unable};
use logscript::tai64n::{Labels, Reader, Stamper};
use logscript::{Action, Date, Dress, Foreign, Heads, Moment, Place, Script};
use sys::{clock, file, poll, process};

use crate::logger::local;

/// What a pipe holds (pipe(7)).
const ROOM: usize = 64 * 1024;

const S6_LOCAL: Grammar = Grammar { name: "s6-tai64nlocal", usage: "[ -g ]", letters: "g", long: &[] };

pub(crate) fn tai64n(_args: Vec<OsString>) -> ExitCode {
    cli::name_program("tai64n");
    cli::end(stamp(Dress { foreign: Some(Foreign::Label), ..Dress::default() }, b""))
}

pub(crate) fn s6_tai64n(_args: Vec<OsString>) -> ExitCode {
    cli::name_program("s6-tai64n");
    cli::end(stamp(Dress { label: true, ..Dress::default() }, b"\n"))
}

pub(crate) fn tai64nlocal(_args: Vec<OsString>) -> ExitCode {
    cli::name_program("tai64nlocal");
    cli::end(read(Labels::Daemontools, local))
}

pub(crate) fn s6_tai64nlocal(args: Vec<OsString>) -> ExitCode {
    let line = match S6_LOCAL.parse(args) {
        Ok(line) => line,
        Err(failure) => return failure.report(),
    };
    cli::end(match line.options.is_empty() {
        true => read(Labels::S6, local),
        false => read(Labels::S6, utc_date),
    })
}

/// Puts stamps before lines; `end` is put after a last one that has no newline.
fn stamp(dress: Dress, end: &[u8]) -> Result<(), Failure> {
    let script =
        Script { actions: vec![Action { dress, place: Place::Output, rate: None }], ..Script::default() };
    let (mut heads, mut stamper) = (Heads::default(), Stamper::default());
    filter(&mut |input, out| {
        // Lines that are read together have come at the same moment.
        heads.write(&script, &Moment { stamp: clock::now().wall, local: Date::default() });
        match input {
            Some(input) => stamper.feed(input, heads.of(0), out),
            None if stamper.is_inside() => out.extend_from_slice(end),
            None => {}
        }
    })
}

/// Makes stamps readable.
fn read(labels: Labels, date: fn(i64) -> Option<Date>) -> Result<(), Failure> {
    let mut reader = Reader::new(labels);
    filter(&mut |input, out| match input {
        Some(input) => reader.feed(input, date, out),
        None => reader.end(out),
    })
}

fn utc_date(seconds: i64) -> Option<Date> {
    // A date has a year of 32 bits.
    let is_near = seconds.unsigned_abs() < 60_000_000_000_000_000;
    is_near.then(|| Date::utc(seconds))
}

/// Adds what comes of the input, `None` being its end, to the output.
type Feed<'a> = &'a mut dyn FnMut(Option<&[u8]>, &mut Vec<u8>);

/// Reads what there is, and writes what comes of it before more is waited for.
fn filter(feed: Feed<'_>) -> Result<(), Failure> {
    let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
    let (mut input, mut out) = (vec![0; ROOM], Vec::with_capacity(2 * ROOM));
    loop {
        let count = match process::read(&stdin, &mut input).unable(|| "read from stdin")? {
            Some(count) => count,
            None => {
                poll::wait([Some(std::os::fd::AsFd::as_fd(&stdin))], None).unable(|| "wait for stdin")?;
                continue;
            }
        };
        out.clear();
        feed(input.get(..count).filter(|input| !input.is_empty()), &mut out);
        file::write_all(&stdout, &out).unable(|| "write to stdout")?;
        if count == 0 {
            return Ok(());
        }
    }
}
