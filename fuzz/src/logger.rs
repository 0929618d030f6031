//! What must hold for a logger: its script, its lines, its patterns, its directory.

use logdir::{Archive, Budget, Ending, Found};
use logscript::s6::{Parsed, Surroundings};
use logscript::tai64n::{Labels, Reader, Stamper};
use logscript::{
    BadScript, Choice, Date, Dressed, Foreign, Heads, Long, Moment, Pattern, Piece, Place, Script, Splitter,
    Take, svlogd,
};
use unix::Stamp;

/// A script, one word after each NUL: one that is good can be run, one that is not names one of its words.
pub fn script(data: &[u8]) {
    let words: Vec<&[u8]> = data.split(|&b| b == 0).collect();
    let around = Surroundings { service: b"web", colours: b"123" };
    checked(&words, logscript::s6::parse(&words));
    checked(&words, logscript::s6::parse_ours(&words, &around));
}

/// multilog's words, of which none is wrong, and svlogd's `config` in the file of a directory: what is read can be run.
pub fn loggers(data: &[u8]) {
    let words: Vec<&[u8]> = data.split(|&b| b == 0).collect();
    let parsed = logscript::multilog::parse(&words);
    assert!(parsed.limit > 0);
    assert!(parsed.script.dirs.iter().all(|dir| (4096..=16_777_215).contains(&dir.size)));
    runs(&words, &parsed.script);
    let settings = svlogd::Settings {
        limit: 1 + data.len() % 50,
        stamp: Some(Foreign::Label).filter(|_| data.len().is_multiple_of(2)),
        replace: words.first().map(|word| (word.to_vec(), b'_')),
    };
    let mut script = settings.script();
    for text in &words {
        let config = svlogd::Config::parse(b"/log", text, &settings);
        assert!(
            config.complaints.iter().all(|complaint| !complaint.contains('\n')),
            "{:?}",
            config.complaints
        );
        config.add_to(&mut script, &settings);
    }
    assert_eq!(script.dirs.len(), words.len());
    runs(&words, &script);
}

/// Every line can be put through a script.
fn runs(lines: &[&[u8]], script: &Script) {
    let moment = Moment { stamp: Stamp::from_unix(0, 0), local: Date::default() };
    let (mut heads, mut choice, mut taken) = (Heads::default(), Choice::default(), Taken::default());
    heads.write(script, &moment);
    for text in lines {
        if let Some(piece) = Splitter::new(None, Long::Split).last(text) {
            script.run(&piece, &heads, &mut choice, &mut taken);
        }
    }
    assert!(taken.0.iter().all(|&action| action < script.actions.len()));
}

/// Filters for stamps, after a byte that says how many bytes come at a time: however they come, the same goes out.
pub fn labels(data: &[u8]) {
    let Some((&chunk, input)) = data.split_first() else { return };
    let date = |seconds: i64| (seconds >= 0).then(Date::default);
    for labels in [Labels::Daemontools, Labels::S6] {
        let read = |size: usize| {
            let (mut reader, mut out) = (Reader::new(labels), Vec::new());
            input.chunks(size).for_each(|chunk| reader.feed(chunk, date, &mut out));
            reader.end(&mut out);
            out
        };
        assert_eq!(
            read(usize::from(chunk).max(1)).escape_ascii().to_string(),
            read(5000).escape_ascii().to_string()
        );
    }
    let (mut stamper, mut out) = (Stamper::default(), Vec::new());
    input.chunks(usize::from(chunk).max(1)).for_each(|chunk| stamper.feed(chunk, b"@ ", &mut out));
    let lines = input.split_inclusive(|&byte| byte == b'\n').map(|line| [b"@ ", line].concat());
    assert_eq!(out, lines.collect::<Vec<_>>().concat());
}

/// What must hold for what was read from words.
fn checked(words: &[&[u8]], parsed: Result<Parsed, BadScript>) {
    let script = match parsed {
        Ok(parsed) => parsed.script,
        Err(bad) => {
            assert!(bad.word.is_empty() || words.contains(&&bad.word[..]), "{bad:?}");
            assert!(bad.why.len() < 200 && !bad.why.contains('\n'), "{bad:?}");
            return;
        }
    };
    let mut next = 0;
    for section in &script.sections {
        assert!(section.actions.start == next && section.actions.end > next);
        next = section.actions.end;
    }
    assert_eq!(next, script.actions.len());
    assert!(script.dirs.iter().all(|dir| (4096..=268_435_455).contains(&dir.size)));

    let moment = Moment { stamp: Stamp::from_unix(0, 0), local: Date::default() };
    let (mut heads, mut choice, mut taken) = (Heads::default(), Choice::default(), Taken::default());
    heads.write(&script, &moment);
    for text in words {
        let mut splitter = Splitter::new(None, Long::Split);
        let Some(piece) = splitter.last(text) else { continue };
        script.run(&piece, &heads, &mut choice, &mut taken);
    }
    assert!(taken.0.iter().all(|&action| action < script.actions.len()));
    let dirs = script.actions.iter().filter_map(|action| match action.place {
        Place::Dir(index) => Some(index),
        _ => None,
    });
    assert!(dirs.eq(0..script.dirs.len()));
}

/// The actions that took a line.
#[derive(Default)]
struct Taken(Vec<usize>);

impl Take for Taken {
    fn take(&mut self, action: usize, line: &Dressed<'_>) {
        assert!(line.ends && line.parts().concat().ends_with(b"\n"));
        self.0.push(action);
    }
}

/// Lines, after three bytes: the limit, what is done with longer ones, how many bytes come at a time. However they come,
/// they leave as a plain loop over them would write them.
pub fn splitter(data: &[u8]) {
    let [limit, long, chunk, input @ ..] = data else { return };
    let limit = usize::from(*limit).max(1);
    let long = [Long::Split, Long::Mark, Long::Whole][usize::from(*long) % 3];
    let mut splitter = Splitter::new(Some(limit), long);
    let (mut buffer, mut out) = (Vec::new(), Vec::new());
    for chunk in input.chunks(usize::from(*chunk).max(1)) {
        buffer.extend_from_slice(chunk);
        while let Some((piece, taken)) = splitter.next(&buffer, false) {
            assert!(taken > 0 && piece.text.len() <= limit);
            put(&mut out, &piece);
            buffer.drain(..taken);
        }
        assert!(buffer.len() <= limit, "more is kept than a line");
    }
    if let Some(piece) = splitter.last(&buffer) {
        put(&mut out, &piece);
    }
    assert_eq!(out.escape_ascii().to_string(), plainly(input, limit, long).escape_ascii().to_string());
}

fn put(out: &mut Vec<u8>, piece: &Piece<'_>) {
    let mark = |is_there| if is_there { &b"..."[..] } else { b"" };
    out.extend([mark(piece.marked_before), piece.text, mark(piece.marked_after)].concat());
    if piece.ends {
        out.push(b'\n');
    }
}

fn plainly(input: &[u8], limit: usize, long: Long) -> Vec<u8> {
    let mut out = Vec::new();
    let mut lines: Vec<_> = input.split(|&b| b == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    for line in lines {
        let cut: &[u8] = match long {
            Long::Split => b"\n",
            Long::Mark => b"...\n...",
            Long::Whole => b"",
        };
        let parts: Vec<_> = line.chunks(limit).collect();
        out.extend(parts.join(cut));
        out.push(b'\n');
    }
    out
}

/// A pattern, a NUL, a line: what matches does so in a group too, and beside an alternative; nothing is so large that it
/// takes long.
pub fn pattern(data: &[u8]) {
    let (pattern, line) = match data.iter().position(|&b| b == 0) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &b""[..]),
    };
    let literal: Vec<u8> = line.iter().flat_map(|&b| escaped(b)).collect();
    let literal = Pattern::extended(&[b"^", &literal[..], b"$"].concat()).expect("each byte can be written");
    assert!(literal.matches(line) && !literal.matches(&[line, b"x"].concat()));

    let Ok(compiled) = Pattern::extended(pattern) else { return };
    let matches = compiled.matches(line);
    let same = |other: &[&[u8]], wanted: bool| {
        // One that is nearly too large or too deep may be so now.
        if let Ok(other) = Pattern::extended(&other.concat()) {
            assert_eq!(other.matches(line), wanted);
        }
    };
    same(&[pattern, b"|", pattern], matches);
    same(&[pattern, b"|^$|."], true);
    // A `)` that is itself would end the group.
    if !pattern.contains(&b')') {
        same(&[b"(", pattern, b")"], matches);
        same(&[b"(", pattern, b"){0}"], true);
        same(&[b"(x|", pattern, b")?"], true);
        if let Ok(whole) = Pattern::extended(&[b"^(", pattern, b")$"].concat()) {
            assert!(matches || !whole.matches(line));
        }
    }
}

/// A byte as a pattern for itself.
fn escaped(byte: u8) -> Vec<u8> {
    if b"\\^$.[]|()*+?{}".contains(&byte) { vec![b'\\', byte] } else { vec![byte] }
}

/// A budget in three bytes, and names, one after each NUL: what stays keeps to the budget and is younger than what goes.
pub fn archives(data: &[u8]) {
    let Some((&[count, high, low], names)) = data.split_first_chunk() else { return };
    let budget = Budget { archives: usize::from(count), bytes: u64::from(u16::from_be_bytes([high, low])) };
    let found: Vec<(Archive, u64)> = names
        .split(|&b| b == 0)
        .filter_map(|name| {
            let archive = Archive::parse(name)?;
            assert_eq!(archive.name().as_bytes(), name.to_ascii_lowercase());
            Some((archive, u64::from(name[24])))
        })
        .collect();
    let gone = logdir::surplus(found.clone(), budget);
    let stays = || found.iter().filter(|(archive, _)| !gone.contains(archive));
    assert!(stays().count() <= budget.archives);
    assert!(budget.bytes == 0 || stays().map(|(_, size)| size).sum::<u64>() <= budget.bytes);
    assert!(stays().all(|(archive, _)| gone.iter().all(|gone| gone < archive)));

    let names: Vec<Archive> = found.iter().map(|(archive, _)| *archive).collect();
    assert!(logdir::superfluous(&names).iter().all(|archive| names.contains(archive)));
    let shelf = |(dir, &(archive, size))| logdir::Shelved { archive, dir: dir % 3, size };
    let shelved: Vec<_> = found.iter().enumerate().map(shelf).collect();
    let gone = logdir::shared_surplus(shelved.clone(), u64::from(count), budget.bytes);
    let stays: u64 = shelved.iter().filter(|one| !gone.contains(one)).map(|one| one.size).sum();
    assert!(stays == 0 || stays + u64::from(count) <= budget.bytes);

    let all = found.iter().map(|(archive, _)| *archive);
    let next = Archive::after(all.clone(), Stamp::from_unix(1_700_000_000, 0), Ending::Safe);
    assert!(all.clone().all(|archive| archive.stamp < next.stamp));
}

/// What a logger left, and the steps after which those that put it in order are killed: in the end everything that a
/// service has said is there once.
pub fn recovery(data: &[u8]) {
    let [left, kills @ ..] = data else { return };
    let state = |number: u8| [None, Some(false), Some(true)][usize::from(number % 3)];
    let left = Found { current: state(*left), previous: left / 3 % 2 == 1, processed: state(left / 6) };
    let mut dir = Directory { found: left, archives: Vec::new() };
    for &kill in kills {
        dir.put_in_order(usize::from(kill % 7));
    }
    dir.put_in_order(usize::MAX);
    assert!(!dir.found.previous && dir.found.processed.is_none() && dir.found.current != Some(false));

    let mut wanted = Vec::new();
    match left.processed {
        Some(true) => wanted.push(("processed", Ending::Safe)),
        _ if left.previous => wanted.push(("previous", Ending::Unprocessed)),
        _ => {}
    }
    if left.current == Some(false) {
        wanted.push(("current", Ending::Unprocessed));
    }
    assert_eq!(dir.archives, wanted, "{left:?}");
}

/// Something that is done with a directory.
type Step = fn(&mut Directory);

/// A log directory with nothing but names.
struct Directory {
    found: Found,
    archives: Vec<(&'static str, Ending)>,
}

impl Directory {
    /// Does so many steps of what is to be done.
    fn put_in_order(&mut self, steps: usize) {
        let plan = logdir::recovery(self.found);
        let all: [(bool, Step); 6] = [
            (plan.drop_processed, |dir| dir.found.processed = None),
            (plan.drop_previous, |dir| dir.found.previous = false),
            (plan.drop_state, |_| ()),
            (plan.keep_processed, |dir| {
                dir.archives.push(("processed", Ending::Safe));
                dir.found.processed = None;
            }),
            (plan.keep_previous, |dir| {
                dir.archives.push(("previous", Ending::Unprocessed));
                dir.found.previous = false;
            }),
            (plan.keep_current, |dir| {
                dir.archives.push(("current", Ending::Unprocessed));
                dir.found.current = None;
            }),
        ];
        all.into_iter().take(steps).filter(|(is_wanted, _)| *is_wanted).for_each(|(_, step)| step(self));
    }
}
