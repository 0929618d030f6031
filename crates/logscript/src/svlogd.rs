//! svlogd's grammar: a file `config` in each log directory, a line a setting.
//!
//! Source: runit 2.1.2, `svlogd(8)`, "CONFIG", and what the program does where the page is silent.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use logdir::Budget;

use crate::{
    Action, Dir, Dress, Excerpt, Foreign, Making, Modes, Overflow, Pattern, Place, Processor, Script,
    Section, Selector, Shell, number,
};

/// A file of this size is never rotated.
const NEVER: u64 = u64::MAX / 2;

/// The port of syslog.
const SYSLOG: u16 = 514;

/// What the command line says for all directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most bytes of a line that are matched, and shown.
    pub limit: usize,
    /// What stands before each line.
    pub stamp: Option<Foreign>,
    /// Bytes that are replaced, and by what.
    pub replace: Option<(Vec<u8>, u8)>,
}

impl Settings {
    /// A script without directories.
    pub fn script(&self) -> Script {
        let replacements = self.replace.as_ref().map(|(bytes, by)| replacements(bytes, *by));
        Script { replacements, ..Script::default() }
    }

    fn excerpt(&self) -> Excerpt {
        Excerpt { most: self.limit, from: self.limit, counts_head: false }
    }
}

/// Replaces what cannot be printed, and `more`.
fn replacements(more: &[u8], by: u8) -> Box<[u8; 256]> {
    let mut table = Box::new([by; 256]);
    for byte in (b' '..=b'~').filter(|byte| !more.contains(byte)) {
        table[usize::from(byte)] = byte;
    }
    table
}

/// What the configuration of one directory says.
#[derive(Debug)]
pub struct Config {
    /// How it is kept.
    pub dir: Dir,
    /// `+`, `-`: for the directory, in their order.
    selectors: Vec<Selector>,
    /// `e`, `E`: for standard error.
    alerts: Vec<Selector>,
    prefix: Vec<u8>,
    udp: Option<([u8; 4], u16)>,
    /// Lines go there only.
    is_udp_only: bool,
    /// What was wrong in it, for a warning.
    pub complaints: Vec<String>,
}

impl Config {
    /// Reads the configuration of the directory at `path`.
    #[cold] // Once, at the beginning: small rather than fast.
    #[inline(never)]
    pub fn parse(path: &[u8], text: &[u8], settings: &Settings) -> Config {
        let mut config = Config {
            dir: dir(path),
            selectors: Vec::new(),
            alerts: Vec::new(),
            prefix: Vec::new(),
            udp: None,
            is_udp_only: false,
            complaints: Vec::new(),
        };
        let (mut most, mut least) = (10, 10);
        for line in text.split(|&byte| byte == b'\n') {
            let Some((&first, rest)) = line.split_first() else { continue };
            match first {
                b'n' => most = number::leading(rest).0 as usize,
                b'N' => least = number::leading(rest).0 as usize,
                _ => config.line(first, rest),
            }
        }
        config.dir.budget.archives = if most == 0 { usize::MAX } else { most };
        config.dir.least = (least < most).then_some(least);
        config.dir.tolerance = tolerance(config.dir.size, settings.limit);
        config
    }

    #[cold]
    #[inline(never)]
    fn line(&mut self, first: u8, rest: &[u8]) {
        match first {
            b'+' => self.selectors.push(Selector::Plus(Pattern::star_plus(rest))),
            b'-' => self.selectors.push(Selector::Minus(Pattern::star_plus(rest))),
            b'e' => self.alerts.push(Selector::Plus(Pattern::star_plus(rest))),
            b'E' => self.alerts.push(Selector::Minus(Pattern::star_plus(rest))),
            b's' => {
                self.dir.size =
                    Some(scaled(rest, [(b'k', 1 << 10), (b'm', 1 << 20)])).filter(|&s| s > 0).unwrap_or(NEVER)
            }
            b't' => {
                let time = scaled(rest, [(b'm', 60), (b'h', 3600)]);
                self.dir.period = (time > 0).then(|| Duration::from_secs(time));
            }
            b'!' if !rest.is_empty() => {
                self.dir.processor = Some(Processor { shell: Shell::Posix, command: rest.to_vec() });
            }
            b'p' if !rest.is_empty() => self.prefix = rest.to_vec(),
            b'u' | b'U' => {
                self.is_udp_only |= first == b'U';
                match address(rest) {
                    Ok(address) => self.udp = Some(address),
                    Err(complaint) => self.complaints.push(complaint),
                }
            }
            _ => {}
        }
    }

    /// Adds what is done with a line for this directory: an alert first, then the datagram, then the file. Whatever
    /// another directory has selected is nothing to this one.
    #[cold]
    #[inline(never)]
    pub fn add_to(self, script: &mut Script, settings: &Settings) {
        let dress = Dress { foreign: settings.stamp, prefix: self.prefix, ..Dress::default() };
        let excerpt = settings.excerpt();
        let dir = script.dirs.len();
        script.dirs.push(self.dir);
        if !self.alerts.is_empty() {
            let none = Selector::Minus(Pattern::anything());
            add(script, none, self.alerts, &dress, [Place::Alert { excerpt, is_named: false }]);
        }
        let all = Selector::Plus(Pattern::anything());
        let udp = self.udp.map(|to| Place::Udp { to, excerpt, dir });
        let file = (!self.is_udp_only).then_some(Place::Dir(dir));
        add(script, all, self.selectors, &dress, udp.into_iter().chain(file));
    }
}

#[cold]
#[inline(never)]
fn add(
    script: &mut Script,
    first: Selector,
    selectors: Vec<Selector>,
    dress: &Dress,
    places: impl IntoIterator<Item = Place>,
) {
    let begin = script.actions.len();
    script.actions.extend(places.into_iter().map(|place| Action { dress: dress.clone(), place, rate: None }));
    let selectors = core::iter::once(first).chain(selectors).collect();
    script.sections.push(Section { selectors, actions: begin..script.actions.len() });
}

/// A directory of which nothing was said.
fn dir(path: &[u8]) -> Dir {
    Dir {
        path: path.to_vec(),
        size: 1_000_000,
        budget: Budget { archives: 10, bytes: 0 },
        retry: Duration::from_secs(3),
        overflow: Overflow::Cut,
        making: Making::InPlace,
        modes: Modes { dir: None, lock: 0o600, current: Some(0o644) },
        ..Dir::default()
    }
}

/// A file is rotated at the end of a line if there is less room than for another one. Where there is never so much, it
/// is filled.
fn tolerance(size: u64, limit: usize) -> u64 {
    Some(limit as u64).filter(|&limit| limit <= size).unwrap_or(0)
}

/// A number with one of these letters behind it that multiply it.
fn scaled(text: &[u8], letters: [(u8, u64); 2]) -> u64 {
    let (number, rest) = number::leading(text);
    let factor = letters.iter().find(|(letter, _)| rest.first() == Some(letter));
    number.saturating_mul(factor.map_or(1, |(_, factor)| *factor))
}

/// `a.b.c.d[:port]`
#[cold]
#[inline(never)]
fn address(text: &[u8]) -> Result<([u8; 4], u16), String> {
    let complaint = |what: &str, text: &[u8]| alloc::format!("{what}: {}", String::from_utf8_lossy(text));
    let mut address = [0; 4];
    let mut left = text;
    for (i, byte) in address.iter_mut().enumerate() {
        let from = if i > 0 { left.strip_prefix(b".") } else { Some(left) };
        let (number, rest) = number::leading(from.unwrap_or_default());
        if from.is_none_or(|from| from.len() == rest.len()) {
            return Err(complaint("unable to scan ip address", text));
        }
        (*byte, left) = (number as u8, rest);
    }
    let Some(port) = left.strip_prefix(b":") else { return Ok((address, SYSLOG)) };
    match number::leading(port).0 as u16 {
        0 => Err(complaint("unable to scan port number", port)),
        number => Ok((address, number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { limit: 1000, stamp: None, replace: None };

    fn config(text: &str) -> Config {
        Config::parse(b"log", text.as_bytes(), &SETTINGS)
    }

    #[test]
    fn nothing_said_is_the_manual() {
        let config = config("");
        assert_eq!((config.dir.size, config.dir.tolerance), (1_000_000, 1000));
        assert_eq!((config.dir.budget.archives, config.dir.least, config.dir.period), (10, None, None));
    }

    #[test]
    fn every_line_is_a_setting() {
        let config = config("# s7\n\ns4k\nn5\nN2\nt3m\n!gzip\npweb: \nu10.0.0.1:99\nwhat\n-*\n+a\ne*b");
        assert_eq!((config.dir.size, config.dir.tolerance), (4096, 1000));
        assert_eq!((config.dir.budget.archives, config.dir.least), (5, Some(2)));
        assert_eq!(config.dir.period, Some(Duration::from_secs(180)));
        assert_eq!(config.dir.processor.as_ref().unwrap().command, b"gzip");
        assert_eq!((&config.prefix[..], config.udp), (&b"web: "[..], Some(([10, 0, 0, 1], 99))));
        assert_eq!((config.selectors.len(), config.alerts.len()), (2, 1));
    }

    #[test]
    fn nothing_is_rotated_or_removed_where_that_is_wanted() {
        let config = config("s0\nn0\n");
        assert_eq!((config.dir.size, config.dir.budget.archives), (NEVER, usize::MAX));
        assert_eq!(config.dir.least, None);
    }

    #[test]
    fn bad_address_is_told() {
        for (line, complaint) in [
            ("u10.0.0", "unable to scan ip address: 10.0.0"),
            ("ux", "unable to scan ip address: x"),
            ("u1.2.3.4:x", "unable to scan port number: x"),
        ] {
            assert_eq!(config(line).complaints, [complaint]);
            assert_eq!(config(line).udp, None);
        }
        assert_eq!(config("U1.2.3.4").udp, Some(([1, 2, 3, 4], 514)));
    }

    #[test]
    fn each_directory_selects_for_itself() {
        let mut script = SETTINGS.script();
        config("-*\ne*").add_to(&mut script, &SETTINGS);
        config("U1.2.3.4").add_to(&mut script, &SETTINGS);
        let sections: Vec<_> =
            script.sections.iter().map(|s| (s.selectors.len(), s.actions.clone())).collect();
        assert_eq!(sections, [(2, 0..1), (2, 1..2), (1, 2..3)]);
        assert!(matches!(script.actions[2].place, Place::Udp { dir: 1, .. }));
    }

    #[test]
    fn what_cannot_be_printed_is_replaced() {
        let table = replacements(b"xy", b'_');
        let shown: Vec<u8> = b"axby\x07\xff~ ".iter().map(|&byte| table[usize::from(byte)]).collect();
        assert_eq!(shown, b"a_b___~ ");
    }

    #[test]
    fn no_bytes_are_too_odd() {
        let mut state = 1u64;
        let mut byte = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            const BYTES: &[u8] = b"snNt!puU+-eE*.:kmh0199999\n\n\n\0\xff";
            BYTES[(state >> 33) as usize % BYTES.len()]
        };
        for _ in 0..2000 {
            let text: Vec<u8> = (0..60).map(|_| byte()).collect();
            let config = Config::parse(b"log", &text, &SETTINGS);
            assert!(config.dir.size > 0 && config.dir.tolerance <= config.dir.size);
            let mut script = SETTINGS.script();
            config.add_to(&mut script, &SETTINGS);
            let line: Vec<u8> = (0..20).map(|_| byte()).collect();
            for selector in script.sections.iter().flat_map(|section| &section.selectors) {
                if let Selector::Plus(pattern) | Selector::Minus(pattern) = selector {
                    let _ = pattern.matches(&line);
                }
            }
        }
    }
}
