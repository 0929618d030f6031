//! What /proc tells of a process in one line (proc(5): `stat`). Takes no memory.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unix::Pid;

use crate::file;

/// That of one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    /// It has ended: no thread of it is left. Its first one may have ended before the others.
    pub(crate) is_dead: bool,
    /// The pid of its parent; 0: that is not in this PID namespace.
    pub(crate) parent: i32,
    /// Its process group.
    pub(crate) group: i32,
    /// When it began, in hundredths of a second since the machine was started.
    pub(crate) began: u64,
}

/// `None`: there is no such process, or /proc is not there.
pub(crate) fn read(pid: Pid) -> Option<Stat> {
    let mut buffer = [0; 512];
    let mut path = [0; 32];
    let mut rest = &mut path[..];
    write!(rest, "/proc/{pid}/stat").ok()?;
    let left = rest.len();
    let path = Path::new(OsStr::from_bytes(&path[..path.len() - left]));
    parse(file::read_into(path, &mut buffer).ok()??)
}

/// The second field is the name in parentheses, which may hold anything, parentheses too. The fields 3, 4, 5, 20 and 22
/// are those that are wanted.
fn parse(text: &[u8]) -> Option<Stat> {
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let mut fields = std::str::from_utf8(&text[end + 1..]).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    let (parent, group) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let threads: u32 = fields.nth(14)?.parse().ok()?;
    let began = fields.nth(1)?.parse().ok()?;
    let is_dead = state == "X" || state == "Z" && threads <= 1;
    Some(Stat { is_dead, parent, group, began })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_from_behind_the_name() {
        let line = |state: &str, threads: u32| {
            format!("7 (a) R (b) {state} 1 6 7 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 {threads} 0 987 1 2 3")
        };
        let stat = parse(line("S", 1).as_bytes()).unwrap();
        assert_eq!((stat.is_dead, stat.parent, stat.group, stat.began), (false, 1, 6, 987));
        assert!(parse(line("Z", 1).as_bytes()).unwrap().is_dead);
        assert!(!parse(line("Z", 2).as_bytes()).unwrap().is_dead, "other threads of it live");
        assert!(parse(b"7 (x").is_none() && parse(b"7 (x) S 1 6").is_none());
    }

    #[test]
    fn this_process_is_there() {
        let me = crate::process::id().unwrap();
        assert!(read(me).is_some_and(|stat| !stat.is_dead && stat.began > 0));
    }
}
