//! Why a program could not be executed, in words.
//!
//! execve(2) says ENOENT for a missing interpreter as well as for a missing file, and ENOEXEC for many
//! things; so the file is looked at again.

use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::file::{self, Kind};

/// Why a program could not be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no such file.
    Missing,
    /// It is a link that points to nothing.
    Dangling(PathBuf),
    /// It is a directory, a FIFO, ….
    NotAFile,
    /// No execute permission.
    Mode(u32),
    /// It lies on a file system mounted noexec.
    NoExec,
    /// The interpreter after `#!` does not exist.
    NoInterpreter(PathBuf),
    /// The interpreter exists and cannot be executed.
    BadInterpreter(PathBuf),
    /// The `#!` line ends in CR LF, so that the interpreter's name ends in CR.
    CarriageReturn,
    /// A script without a `#!` line.
    NoShebang,
    /// Nothing in it.
    Empty,
    /// Built for another architecture, by its name.
    Architecture(&'static str),
    /// Built for a C library that is not here: its loader is missing.
    NoLoader(PathBuf),
    /// Neither a script nor a program of this system.
    Garbage,
    /// Somebody has it open for writing.
    BeingWritten,
    /// Links in a circle.
    Loop,
    /// The system had no memory, descriptor or process for it, in its words.
    Resources(String),
    /// Something else that the system says.
    System(String),
}

/// The kernel does not know what kind of program it is (ENOEXEC): perhaps a script without `#!`.
pub fn is_no_executable(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOEXEC)
}

impl Problem {
    /// There is nothing to execute, as a shell's exit code 127 says; everything else is 126.
    pub fn is_missing(&self) -> bool {
        matches!(self, Problem::Missing | Problem::Dangling(_))
    }

    /// Nothing is wrong with the file: the system had no room, or somebody is still writing it.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Problem::Resources(_) | Problem::BeingWritten)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing => f.write_str("no such file"),
            Problem::Dangling(target) => write!(f, "a link to {}, which does not exist", target.display()),
            Problem::NotAFile => f.write_str("not a regular file"),
            Problem::Mode(mode) => write!(f, "not executable (mode {mode:04o})"),
            Problem::NoExec => f.write_str("on a file system that is mounted noexec"),
            Problem::NoInterpreter(path) => write!(f, "its interpreter {} does not exist", path.display()),
            Problem::BadInterpreter(path) => {
                write!(f, "its interpreter {} cannot be executed", path.display())
            }
            Problem::CarriageReturn => f.write_str("its #! line ends in CR LF, as on Windows"),
            Problem::NoShebang => f.write_str("no #! line"),
            Problem::Empty => f.write_str("an empty file"),
            Problem::Architecture(name) => write!(f, "built for another architecture ({name})"),
            Problem::NoLoader(path) => {
                write!(f, "built for a C library that is not here ({} does not exist)", path.display())
            }
            Problem::Garbage => f.write_str("neither a script nor a program for this system"),
            Problem::BeingWritten => f.write_str("still open for writing"),
            Problem::Loop => f.write_str("links in a circle"),
            Problem::Resources(text) | Problem::System(text) => f.write_str(text),
        }
    }
}

/// Why executing `path` failed with `error`.
pub fn diagnose(path: &Path, error: &io::Error) -> Problem {
    let found = match error.raw_os_error() {
        Some(libc::ENOENT) => diagnose_missing(path),
        Some(libc::EACCES | libc::EPERM) => diagnose_refused(path),
        Some(libc::ENOEXEC | libc::EINVAL | libc::ELIBBAD) => Some(diagnose_content(path)),
        Some(libc::ETXTBSY) => Some(Problem::BeingWritten),
        Some(libc::ELOOP) => Some(Problem::Loop),
        Some(libc::ENOTDIR) => Some(Problem::Missing),
        Some(libc::ENOMEM | libc::EAGAIN | libc::EMFILE | libc::ENFILE | libc::EIO) => {
            Some(Problem::Resources(plain(error)))
        }
        _ => None,
    };
    found.unwrap_or_else(|| Problem::System(plain(error)))
}

/// Why `path` could not be executed, without trying; `None`: nothing speaks against it.
pub fn foresee(path: &Path) -> Option<Problem> {
    let info = match file::look(path) {
        Err(error) => return Some(diagnose(path, &error)),
        Ok(None) => return diagnose_missing(path),
        Ok(Some(info)) => info,
    };
    if info.kind != Kind::File {
        return Some(Problem::NotAFile);
    }
    if info.mode & 0o111 == 0 {
        return Some(Problem::Mode(info.mode));
    }
    if on_noexec(path) {
        return Some(Problem::NoExec);
    }
    let head = read_head(path)?;
    match interpreter(&head) {
        Some(name) if name.ends_with(b"\r") => Some(Problem::CarriageReturn),
        Some(name) => foresee_interpreter(&path_of(name)),
        None if head.starts_with(b"\x7fELF") => {
            let loader = elf_loader(&head).map(path_of).filter(|loader| is_nowhere(loader));
            elf_architecture(&head).map(Problem::Architecture).or(loader.map(Problem::NoLoader))
        }
        None => Some(diagnose_content(path)),
    }
}

fn foresee_interpreter(interpreter: &Path) -> Option<Problem> {
    if interpreter.is_relative() {
        return None;
    }
    if is_nowhere(interpreter) {
        return Some(Problem::NoInterpreter(interpreter.to_owned()));
    }
    let executable = file::look(interpreter)
        .is_ok_and(|info| info.is_some_and(|info| info.kind == Kind::File && info.mode & 0o111 != 0));
    (!executable).then(|| Problem::BadInterpreter(interpreter.to_owned()))
}

fn is_nowhere(path: &Path) -> bool {
    matches!(file::look(path), Ok(None))
}

/// What the system says of an error, without its number.
pub fn plain(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.rfind('(')
        && text[at..].starts_with("(os error")
    {
        text.truncate(at.saturating_sub(1));
    }
    text
}

fn diagnose_missing(path: &Path) -> Option<Problem> {
    if file::look(path).ok()?.is_none() {
        return Some(match file::link_target(path) {
            Ok(Some(target)) => Problem::Dangling(target),
            _ => Problem::Missing,
        });
    }
    let head = read_head(path)?;
    match interpreter(&head) {
        Some(name) if name.ends_with(b"\r") => Some(Problem::CarriageReturn),
        Some(name) => {
            let name = path_of(name);
            match is_missing(&name) {
                true => Some(Problem::NoInterpreter(name)),
                false => without_loader(&read_head(&name)?),
            }
        }
        None => without_loader(&head),
    }
}

/// Not so when what was missing has come meanwhile.
fn without_loader(head: &[u8]) -> Option<Problem> {
    elf_loader(head).map(path_of).filter(|loader| is_missing(loader)).map(Problem::NoLoader)
}

fn is_missing(path: &Path) -> bool {
    matches!(file::look(path), Ok(None))
}

fn diagnose_refused(path: &Path) -> Option<Problem> {
    let info = file::look(path).ok()??;
    if info.kind != Kind::File {
        return Some(Problem::NotAFile);
    }
    if info.mode & 0o111 == 0 {
        return Some(Problem::Mode(info.mode));
    }
    if on_noexec(path) {
        return Some(Problem::NoExec);
    }
    if !file::is_executable(path) {
        return Some(Problem::Mode(info.mode));
    }
    let head = read_head(path)?;
    // Or the mode was changed meanwhile, and nobody is to blame any more.
    interpreter(&head).map(path_of).filter(|name| !file::is_executable(name)).map(Problem::BadInterpreter)
}

fn diagnose_content(path: &Path) -> Problem {
    let Some(head) = read_head(path) else { return Problem::Garbage };
    if head.is_empty() {
        return Problem::Empty;
    }
    if let Some(name) = interpreter(&head) {
        return if name.ends_with(b"\r") {
            Problem::CarriageReturn
        } else {
            Problem::BadInterpreter(path_of(name))
        };
    }
    if head.starts_with(b"\x7fELF") {
        return elf_architecture(&head).map_or(Problem::Garbage, Problem::Architecture);
    }
    // What a person would call a text has no zero byte.
    if head.contains(&0) { Problem::Garbage } else { Problem::NoShebang }
}

fn on_noexec(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|fs| fs.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC))
}

fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

/// The first page: what the kernel looks at, and room for an ELF program header table.
fn read_head(path: &Path) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 4096];
    let length = file::read_into(path, &mut buffer).ok()??.len();
    buffer.truncate(length);
    Some(buffer)
}

/// The word after `#!`.
fn interpreter(head: &[u8]) -> Option<&[u8]> {
    let line = head.strip_prefix(b"#!")?.split(|&b| b == b'\n').next()?;
    line.split(|&b| b == b' ' || b == b'\t').find(|word| !word.is_empty())
}

/// The machine of an ELF file that is not this one's (elf(5): `e_machine`, at 18).
fn elf_architecture(head: &[u8]) -> Option<&'static str> {
    const MACHINES: [(u16, &str, &str); 9] = [
        (3, "i386", "x86"),
        (8, "mips", "mips"),
        (20, "powerpc", "powerpc"),
        (21, "powerpc64", "powerpc64"),
        (22, "s390", "s390x"),
        (40, "arm", "arm"),
        (62, "x86_64", "x86_64"),
        (183, "aarch64", "aarch64"),
        (243, "riscv", "riscv64"),
    ];
    let bytes = *head.get(18..20)?.first_chunk::<2>()?;
    let machine = if head.get(5) == Some(&2) { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    match MACHINES.iter().find(|(number, ..)| *number == machine) {
        Some((_, _, arch)) if *arch == std::env::consts::ARCH => None,
        Some((_, name, _)) => Some(name),
        None => Some("unknown"),
    }
}

/// The loader that a 64-bit little-endian ELF program asks for (elf(5): PT_INTERP), if it lies in the first page.
fn elf_loader(head: &[u8]) -> Option<&[u8]> {
    const PT_INTERP: u32 = 3;
    let number = |at: usize| Some(u64::from_le_bytes(*head.get(at..)?.first_chunk::<8>()?));
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let table = usize::try_from(number(32)?).ok()?;
    let (size, count) = (u16::from_le_bytes([*head.get(54)?, *head.get(55)?]), *head.get(56)?);
    for i in 0..usize::from(count) {
        let entry = table.checked_add(i * usize::from(size))?;
        let kind = u32::from_le_bytes(*head.get(entry..)?.first_chunk::<4>()?);
        if kind == PT_INTERP {
            let start = usize::try_from(number(entry + 8)?).ok()?;
            return head.get(start..)?.split(|&b| b == 0).next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn failure(path: &Path) -> String {
        let error = std::process::Command::new(path).spawn().expect_err("must not start");
        diagnose(path, &error).to_string()
    }

    #[test]
    fn each_way_to_fail_has_a_sentence_of_its_own() {
        let root = std::env::temp_dir().join(format!("sys-problem-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir(&root).unwrap();
        let make = |name: &str, content: &[u8], mode: u32| {
            let path = root.join(name);
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let mut elf = std::fs::read("/bin/true").unwrap();
        elf[18] = if cfg!(target_arch = "aarch64") { 62 } else { 183 };
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        let cases = [
            (root.join("nothing"), "no such file"),
            (root.join("dangling"), "a link to nowhere, which does not exist"),
            (root.join("circle"), "links in a circle"),
            (root.clone(), "not a regular file"),
            (make("mode", b"#!/bin/sh\n", 0o644), "not executable (mode 0644)"),
            (make("gone", b"#!/no/such/sh -e\n", 0o755), "its interpreter /no/such/sh does not exist"),
            (make("crlf", b"#!/bin/sh\r\necho\r\n", 0o755), "its #! line ends in CR LF, as on Windows"),
            (make("elf", &elf, 0o755), "built for another architecture"),
            (make("zeros", &[0; 64], 0o755), "neither a script nor a program for this system"),
        ];
        for (path, expected) in cases {
            let got = failure(&path);
            assert!(got.starts_with(expected), "{}: {got}", path.display());
            let foreseen = foresee(&path).unwrap().to_string();
            assert!(foreseen.starts_with(expected), "{}: {foreseen}", path.display());
        }
        assert_eq!(foresee(Path::new("/bin/true")), None);
        assert_eq!(foresee(&make("good", b"#!/bin/sh\n", 0o755)), None);
        // The standard library runs a file without #! by a shell of its own: ask directly.
        let enoexec = io::Error::from_raw_os_error(libc::ENOEXEC);
        assert_eq!(diagnose(&make("bare", b"echo hello\n", 0o755), &enoexec), Problem::NoShebang);
        assert_eq!(diagnose(&make("empty", b"", 0o755), &enoexec), Problem::Empty);
        assert_eq!(foresee(&root.join("bare")), Some(Problem::NoShebang));
        assert_eq!(foresee(&root.join("empty")), Some(Problem::Empty));
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn loader_of_a_dynamic_program_is_found() {
        let head = read_head(Path::new("/bin/true")).unwrap();
        assert!(elf_loader(&head).is_none_or(|name| name.starts_with(b"/lib")));
    }

    #[test]
    fn interpreter_that_is_there_is_not_blamed_for_what_has_changed_meanwhile() {
        let path = std::env::temp_dir().join(format!("sys-problem-changed-{}", std::process::id()));
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        for number in [libc::EACCES, libc::ENOENT] {
            let problem = diagnose(&path, &io::Error::from_raw_os_error(number));
            assert!(matches!(problem, Problem::System(_)), "{problem}");
        }
        std::fs::remove_file(path).unwrap();
    }
}
