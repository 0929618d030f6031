//! Landlock (landlock(7), Linux 5.13): this process and those that it executes may use only these paths and ports.
//!
//! Source: the kernel's `Documentation/userspace-api/landlock.rst` and `include/uapi/linux/landlock.h`, version 5.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::{mem, ptr};

use rustix::fs::{CWD, FileType, Mode, OFlags};

/// Rights to a path; the bits of `LANDLOCK_ACCESS_FS_*`.
mod right {
    pub(super) const EXECUTE: u64 = 1;
    pub(super) const WRITE_FILE: u64 = 1 << 1;
    pub(super) const READ_FILE: u64 = 1 << 2;
    pub(super) const READ_DIR: u64 = 1 << 3;
    /// Everything that the first version knows.
    pub(super) const FIRST: u64 = (1 << 13) - 1;
    /// Version 2.
    pub(super) const REFER: u64 = 1 << 13;
    /// Version 3.
    pub(super) const TRUNCATE: u64 = 1 << 14;
    /// Version 5.
    pub(super) const IOCTL_DEV: u64 = 1 << 15;
    /// What there is to allow of something that is no directory.
    pub(super) const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
}

/// What a path may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// To read and to execute.
    Read,
    /// To read, to execute and to change.
    Write,
}

/// What a TCP port may be used for; the bits of `LANDLOCK_ACCESS_NET_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tcp {
    /// To listen there.
    Bind = 1,
    /// To connect to it, wherever it is.
    Connect = 2,
}

/// The version that the kernel has; 0: none, or switched off.
pub fn version() -> u32 {
    const VERSION: libc::c_uint = 1;
    let nothing: *const u8 = ptr::null();
    // SAFETY: with this flag the kernel reads no memory and makes no descriptor; it answers with a number.
    let answer = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0usize, VERSION) };
    u32::try_from(answer).unwrap_or(0)
}

/// What is restricted, and the exceptions.
#[derive(Debug)]
pub struct Rules {
    ruleset: OwnedFd,
    /// The rights to paths that are refused where no rule allows them.
    paths: u64,
}

/// `struct landlock_ruleset_attr`, as far as version 4 has it.
#[repr(C)]
struct Handled {
    paths: u64,
    tcp: u64,
}

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct BelowPath {
    allowed: u64,
    parent: i32,
}

/// `struct landlock_net_port_attr`.
#[repr(C)]
struct AtPort {
    allowed: u64,
    port: u64,
}

impl Rules {
    /// Rules that refuse every use of paths, if `paths`, and each of these uses of TCP, as far as the kernel can.
    ///
    /// # Errors
    /// EOPNOTSUPP, ENOSYS: it cannot at all. ENOMSG: there is nothing that it could refuse.
    pub fn new(paths: bool, tcp: &[Tcp]) -> io::Result<Rules> {
        let version = version();
        let later = [(2, right::REFER), (3, right::TRUNCATE), (5, right::IOCTL_DEV)];
        let known = later.iter().filter(|(since, _)| version >= *since);
        let all = known.fold(right::FIRST, |all, (_, right)| all | right);
        let handled = Handled {
            paths: if paths { all } else { 0 },
            tcp: if version >= 4 { tcp.iter().fold(0, |all, &tcp| all | tcp as u64) } else { 0 },
        };
        // Older kernels do not know the second number.
        let size = if version >= 4 { mem::size_of::<Handled>() } else { mem::size_of::<u64>() };
        // SAFETY: the kernel reads `size` bytes of `handled`, which has as many.
        let fd = unsafe {
            libc::syscall(libc::SYS_landlock_create_ruleset, &raw const handled, size, 0 as libc::c_uint)
        };
        let fd = i32::try_from(answer(fd)?).map_err(io::Error::other)?;
        // SAFETY: the kernel has just made this descriptor, and nobody else knows of it.
        Ok(Rules { ruleset: unsafe { OwnedFd::from_raw_fd(fd) }, paths: handled.paths })
    }

    /// Allows a use of what is at a path, and below it.
    ///
    /// # Errors
    /// What open(2) says.
    pub fn allow_path(&self, path: &Path, what: Use) -> io::Result<()> {
        let file = rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
        let wanted = match what {
            Use::Read => right::EXECUTE | right::READ_FILE | right::READ_DIR,
            Use::Write => u64::MAX,
        };
        let possible = if kind == FileType::Directory { u64::MAX } else { right::OF_FILES };
        let rule = BelowPath { allowed: wanted & possible & self.paths, parent: file.as_fd().as_raw_fd() };
        const PATH_BENEATH: libc::c_int = 1;
        self.add(PATH_BENEATH, &rule)
    }

    /// Allows a use of a TCP port.
    ///
    /// # Errors
    /// EINVAL: this use was not refused.
    pub fn allow_port(&self, port: u16, what: Tcp) -> io::Result<()> {
        const NET_PORT: libc::c_int = 2;
        self.add(NET_PORT, &AtPort { allowed: what as u64, port: port.into() })
    }

    fn add<T>(&self, kind: libc::c_int, rule: &T) -> io::Result<()> {
        let (fd, rule) = (self.ruleset.as_raw_fd(), ptr::from_ref(rule));
        // SAFETY: `rule` is the structure that belongs to `kind`, which the kernel reads and does not keep.
        answer(unsafe { libc::syscall(libc::SYS_landlock_add_rule, fd, kind, rule, 0 as libc::c_uint) })?;
        Ok(())
    }

    /// From now on, and for ever, these rules hold for this process and its children.
    ///
    /// # Errors
    /// EPERM: it could still get new privileges. E2BIG: too many rules hold already.
    pub fn enforce(self) -> io::Result<()> {
        let fd = self.ruleset.as_raw_fd();
        // SAFETY: this takes a descriptor and a number, and touches no memory.
        answer(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, fd, 0 as libc::c_uint) })?;
        Ok(())
    }
}

fn answer(number: libc::c_long) -> io::Result<libc::c_long> {
    match number {
        -1 => Err(io::Error::last_os_error()),
        number => Ok(number),
    }
}
