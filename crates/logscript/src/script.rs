//! The script: sections of selectors and actions.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::time::Duration;

use crate::{Dress, Pattern, Rate};

/// What is done with every line, section after section. A line that a section's selectors leave selected is acted upon
/// by its actions.
#[derive(Debug, Default)]
pub struct Script {
    /// The sections, in their order.
    pub sections: Vec<Section>,
    /// Every action, of all sections, in their order.
    pub actions: Vec<Action>,
    /// The log directories that the actions name by their index.
    pub dirs: Vec<Dir>,
}

/// Selectors, and the actions that are for what they select.
#[derive(Debug, Default)]
pub struct Section {
    /// In the order in which they decide.
    pub selectors: Vec<Selector>,
    /// Which of the script's actions are its own.
    pub actions: core::ops::Range<usize>,
}

/// Something that selects or deselects a line.
#[derive(Debug)]
pub enum Selector {
    /// `f`: selects exactly what nothing has acted upon yet.
    Unacted,
    /// `+`: selects what matches.
    Plus(Pattern),
    /// `-`: deselects what matches.
    Minus(Pattern),
}

/// One thing done with a selected line.
#[derive(Debug)]
pub struct Action {
    /// What is put around the line.
    pub dress: Dress,
    /// How many lines it takes; `None`: all.
    pub rate: Option<Rate>,
    /// Where it goes.
    pub place: Place,
}

/// Where a line goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To standard output.
    Output,
    /// To standard error, as an alert: so many bytes of it, 0: all.
    Alert(usize),
    /// Into a file that holds nothing else, padded with newlines to a size; 0: as long as it is.
    Status {
        /// The file.
        path: Vec<u8>,
        /// Its size in bytes.
        size: usize,
    },
    /// Into the log directory with this index.
    Dir(usize),
}

/// A log directory and how it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dir {
    /// Where it is.
    pub path: Vec<u8>,
    /// `current` is rotated before it would become larger than this, in bytes.
    pub size: u64,
    /// So many bytes before that it is rotated at the end of a line.
    pub tolerance: u64,
    /// What is kept of archives.
    pub budget: logdir::Budget,
    /// `current` is rotated when it is so old.
    pub period: Option<Duration>,
    /// The time between two attempts at something that failed.
    pub retry: Duration,
    /// What an archive is piped through.
    pub processor: Option<Processor>,
    /// A limit that it shares with others.
    pub shared: Option<Shared>,
    /// Whose it is, and who may read it.
    pub rights: Rights,
}

/// A limit for all log directories below a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The most bytes in all of them.
    pub bytes: u64,
    /// The directory.
    pub path: Vec<u8>,
}

/// Whose a log directory and its files are, and who may do what with them. `None`: what the system gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The name of a user, or his number.
    pub owner: Option<Vec<u8>>,
    /// The name of a group, or its number.
    pub group: Option<Vec<u8>>,
    /// The mode of the files, whatever the umask is.
    pub mode: Option<u32>,
    /// The mode of the directory.
    pub dir_mode: Option<u32>,
}

/// A program that makes an archive of a rotated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processor {
    /// What interprets the command.
    pub shell: Shell,
    /// The command; empty where nothing interprets it.
    pub command: Vec<u8>,
}

/// Interpreters of a processor's command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `execlineb -Pc`.
    Execline,
    /// `/bin/sh -c`.
    Posix,
    /// None: this program compresses it itself, and there is no command.
    Gzip,
}

/// Why words are no script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadScript {
    /// The word that is wrong; empty if it is the whole.
    pub word: Vec<u8>,
    /// What is wrong with it.
    pub why: Cow<'static, str>,
}

impl Script {
    /// Whether any action writes what `asks` asks for.
    pub fn wants(&self, asks: impl Fn(&Dress) -> bool) -> bool {
        self.actions.iter().any(|action| asks(&action.dress))
    }
}
