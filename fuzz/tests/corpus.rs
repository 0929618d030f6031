//! Every target with its corpus and with changes of it, on any toolchain and in bounded time.
//!
//! `FUZZ_SECONDS` makes it longer, `FUZZ_SEED` repeats a run. The input that fails is printed.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use suite_fuzz::{TARGETS, Target};

/// For each target, unless `FUZZ_SECONDS` says something else.
const SECONDS: u64 = 1;

/// Numbers that only look random (xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `sides`, which is not 0.
    fn roll(&mut self, sides: usize) -> usize {
        (self.next() % sides as u64) as usize
    }
}

/// Bytes that mean something to one parser or another.
const TELLING: &[u8] = b"\0\n\r\t -=@019azAZ\x7f\x80\xff";

fn change(input: &mut Vec<u8>, dice: &mut Dice, corpus: &[Vec<u8>]) {
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(input.len() + 1);
        match dice.roll(6) {
            0 => input.insert(at, dice.next() as u8),
            1 => input.insert(at, TELLING[dice.roll(TELLING.len())]),
            2 => input.truncate(at),
            3 if at < input.len() => input[at] ^= 1 << dice.roll(8),
            4 if at < input.len() => drop(input.remove(at)),
            _ => input.extend_from_slice(&corpus[dice.roll(corpus.len())]),
        }
    }
    input.truncate(4096);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let files = fs::read_dir(dir).expect("each target has a corpus");
    let mut inputs: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    inputs.sort();
    inputs
}

fn feed(&(name, target): &Target, input: &[u8], seed: u64) {
    let held = catch_unwind(AssertUnwindSafe(|| target(input))).is_ok();
    assert!(held, "{name} with seed {seed}: \"{}\"", input.escape_ascii());
}

#[test]
fn every_target_holds_for_its_corpus_and_for_changes_of_it() {
    let seconds = number("FUZZ_SECONDS").unwrap_or(SECONDS);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |d| d.as_nanos() as u64);
    let seed = number("FUZZ_SEED").unwrap_or(clock).max(1);
    for target in &TARGETS {
        let corpus = corpus(target.0);
        for input in corpus.iter().map(Vec::as_slice).chain([&[][..]]) {
            feed(target, input, seed);
        }
        let mut dice = Dice(seed);
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut inputs = 0_u64;
        while Instant::now() < end {
            let mut input = corpus[dice.roll(corpus.len())].clone();
            change(&mut input, &mut dice, &corpus);
            feed(target, &input, seed);
            inputs += 1;
        }
        println!("{}: {inputs} inputs, seed {seed}", target.0);
    }
}
