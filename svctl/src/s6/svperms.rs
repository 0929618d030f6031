//! `s6-svperms`: who may see, control and listen to a service.
//!
//! | may          | owner          | group          | all           |
//! |--------------|----------------|----------------|---------------|
//! | see status   | supervise 0700 | supervise 0710 | supervise 0711|
//! | control      | control 0600   | control 0620   | –             |
//! | listen       | –              | event 03730    | event 01733   |
//!
//! Either directory may be a link; one of another user's is followed to what is his own only (`sys::guard`).

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Unable, answer, warn};
use servicedir::names;
use svwait::refused;
use sys::file::{self, Info, Kind};
use sys::guard::Held;
use sys::users;

use crate::classic::printable;

const GRAMMAR: Grammar = Grammar {
    name: "s6-svperms",
    usage: "[ -v ] [ -u | -g group | -G group | -o | -O group ] [ -e | -E group ] servicedir...",
    letters: "vug:G:oO:eE:",
    long: &[],
};

/// The FIFO for commands, in `supervise`.
const CONTROL: &str = "control";

const EVENT_GROUP: u32 = 0o3730;
const EVENT_ALL: u32 = 0o1733;

/// Who may see the status.
#[derive(Clone, Copy)]
enum Viewers {
    Owner,
    Group(u32),
    All,
}

/// What is to be set: who may see, which group may control, which group may listen.
#[derive(Default)]
struct Wish {
    access: Option<(Viewers, Option<u32>)>,
    listeners: Option<Option<u32>>,
    show: bool,
}

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(args))
}

fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let line = GRAMMAR.parse(args)?;
    let mut wish = Wish::default();
    for (letter, value) in &line.options {
        match letter {
            'v' => wish.show = true,
            'u' => wish.access = Some((Viewers::Owner, None)),
            'o' => wish.access = Some((Viewers::All, None)),
            'e' => wish.listeners = Some(None),
            letter => {
                let group = group(value)?;
                match letter {
                    'g' => wish.access = Some((Viewers::Group(group), None)),
                    'G' => wish.access = Some((Viewers::Group(group), Some(group))),
                    'O' => wish.access = Some((Viewers::All, Some(group))),
                    _ => wish.listeners = Some(Some(group)),
                }
            }
        }
    }
    if line.operands.is_empty() {
        return Err(GRAMMAR.misuse());
    }
    wish.show |= wish.access.is_none() && wish.listeners.is_none();
    let (mut text, mut all_shown) = (String::new(), true);
    for dir in line.operands.iter().map(Path::new) {
        wish.apply(dir)?;
        if wish.show {
            // Not the second only if the first went well: both are told of.
            all_shown &= show(dir, show_access(dir, &mut text));
            all_shown &= show(dir, show_listeners(dir, &mut text));
        }
    }
    answer(text.as_bytes()).unable(|| "write to standard output")?;
    if all_shown { Ok(()) } else { Err(Failure::Silent(1)) }
}

/// `:1000`, or a name.
fn group(value: &OsStr) -> Result<u32, Failure> {
    let text = value.to_string_lossy();
    if let Some(number) = text.strip_prefix(':') {
        return GRAMMAR.number(OsStr::new(number));
    }
    let found = users::group_number(&text).unable(|| format!("look for the group {text}"))?;
    found.ok_or_else(|| Failure::Refused(format!("no such group: {text}").into()))
}

impl Wish {
    fn apply(&self, dir: &Path) -> Result<(), Failure> {
        if let Some((viewers, controllers)) = self.access {
            let path = dir.join(names::SUPERVISE);
            let supervise = Held::directory(&path).map_err(|cause| unchanged(cause, &path))?;
            match viewers {
                Viewers::Owner => give(&supervise, &path, None, 0o700)?,
                Viewers::Group(group) => give(&supervise, &path, Some(group), 0o710)?,
                Viewers::All => give(&supervise, &path, None, 0o711)?,
            }
            let path = dir.join(names::CONTROL);
            let control = supervise.entry(CONTROL, Kind::Fifo).map_err(|cause| unchanged(cause, &path))?;
            let mode = if controllers.is_some() { 0o620 } else { 0o600 };
            give(&control, &path, controllers, mode)?;
        }
        if let Some(listeners) = self.listeners {
            let path = dir.join(names::EVENT);
            let event = Held::directory(&path).map_err(|cause| unchanged(cause, &path))?;
            let mode = if listeners.is_some() { EVENT_GROUP } else { EVENT_ALL };
            give(&event, &path, listeners, mode)?;
        }
        Ok(())
    }
}

/// Gives it to a group, or back to that of its owner.
fn give(held: &Held, path: &Path, group: Option<u32>, mode: u32) -> Result<(), Failure> {
    let group = group.unwrap_or_else(|| primary_group(held, path));
    held.give_to_group(group, mode).map_err(|cause| unchanged(cause, path))
}

fn unchanged(cause: std::io::Error, path: &Path) -> Failure {
    let above = path.parent().unwrap_or(path);
    refused(format!("change the permissions of {}", path.display()), cause, &[path, above])
}

fn primary_group(held: &Held, path: &Path) -> u32 {
    let owner = held.info.owner.0;
    users::primary_group(owner).ok().flatten().unwrap_or_else(|| {
        // Nobody but root can give away to a group that he is not in.
        let group = if owner == users::effective() { users::own_group() } else { 0 };
        let path = path.display();
        warn(format_args!("{path} belongs to uid {owner}, who is not in /etc/passwd: taking group {group}"));
        group
    })
}

fn show(dir: &Path, result: Result<(), String>) -> bool {
    result.map_err(|why| warn(format_args!("{}: {why}", dir.display()))).is_ok()
}

fn show_access(dir: &Path, text: &mut String) -> Result<(), String> {
    let info = look(dir, names::SUPERVISE, Kind::Directory)?;
    let mode = info.mode;
    if mode & 0o5066 != 0 || mode & 0o700 != 0o700 || (mode & 1 != 0 && mode & 0o10 == 0) {
        return Err(odd(names::SUPERVISE, mode));
    }
    let viewers = match (mode & 1, mode & 0o10) {
        (1, _) => "public".into(),
        (_, 0) => "owner".into(),
        _ => format!("group {}", users::group_name(info.owner.1)),
    };
    text.push_str(&format!("{} status: {viewers}\n", printable(dir.as_os_str())));
    let info = look(dir, names::CONTROL, Kind::Fifo)?;
    if info.mode & 0o157 != 0 {
        return Err(odd(names::CONTROL, info.mode));
    }
    let controllers = match info.mode & 0o20 {
        0 => "owner".into(),
        _ => format!("group {}", users::group_name(info.owner.1)),
    };
    text.push_str(&format!("{} control: {controllers}\n", printable(dir.as_os_str())));
    Ok(())
}

fn show_listeners(dir: &Path, text: &mut String) -> Result<(), String> {
    let info = look(dir, names::EVENT, Kind::Directory)?;
    let listeners = match info.mode {
        EVENT_GROUP => format!("group {}", users::group_name(info.owner.1)),
        EVENT_ALL => "public".into(),
        mode => return Err(odd(names::EVENT, mode)),
    };
    text.push_str(&format!("{} events: {listeners}\n", printable(dir.as_os_str())));
    Ok(())
}

fn look(dir: &Path, name: &str, kind: Kind) -> Result<Info, String> {
    match file::look(&dir.join(name)) {
        Ok(Some(info)) if info.kind == kind => Ok(info),
        Ok(Some(_)) => Err(format!("{name} is not what it should be")),
        Ok(None) => Err(format!("there is no {name}")),
        Err(error) => {
            let why = svwait::denied(&error, &[&dir.join(names::SUPERVISE), dir]);
            Err(format!("unable to look at {name}{why}: {}", cli::reason(&error)))
        }
    }
}

fn odd(name: &str, mode: u32) -> String {
    format!("{name} has mode {mode:04o}, which means none of these")
}
