//! Resource limits: getrlimit(2), setrlimit(2).

use std::io;

use rustix::process::{Resource as Number, Rlimit, getrlimit, setrlimit};

/// Something that can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource(Number);

/// Each with the end of its name in getrlimit(2), in small letters.
pub const RESOURCES: [(&str, Resource); 16] = [
    ("as", Resource::AS),
    ("core", Resource::CORE),
    ("cpu", Resource::CPU),
    ("data", Resource::DATA),
    ("fsize", Resource::FSIZE),
    ("locks", Resource(Number::Locks)),
    ("memlock", Resource::MEMLOCK),
    ("msgqueue", Resource(Number::Msgqueue)),
    ("nice", Resource(Number::Nice)),
    ("nofile", Resource::NOFILE),
    ("nproc", Resource::NPROC),
    ("rss", Resource::RSS),
    ("rtprio", Resource::RTPRIO),
    ("rttime", Resource(Number::Rttime)),
    ("sigpending", Resource(Number::Sigpending)),
    ("stack", Resource::STACK),
];

impl Resource {
    /// All memory that a process maps, in bytes.
    pub const AS: Resource = Resource(Number::As);
    /// A core file, in bytes.
    pub const CORE: Resource = Resource(Number::Core);
    /// Time of the processor, in seconds.
    pub const CPU: Resource = Resource(Number::Cpu);
    /// The data segment, in bytes.
    pub const DATA: Resource = Resource(Number::Data);
    /// A file that is written, in bytes.
    pub const FSIZE: Resource = Resource(Number::Fsize);
    /// Locked memory, in bytes.
    pub const MEMLOCK: Resource = Resource(Number::Memlock);
    /// Descriptors.
    pub const NOFILE: Resource = Resource(Number::Nofile);
    /// Processes of the user.
    pub const NPROC: Resource = Resource(Number::Nproc);
    /// Physical memory, in bytes; Linux does not care.
    pub const RSS: Resource = Resource(Number::Rss);
    /// The realtime priority.
    pub const RTPRIO: Resource = Resource(Number::Rtprio);
    /// The stack, in bytes.
    pub const STACK: Resource = Resource(Number::Stack);
}

/// The limit that holds, and the one up to which a process may raise it. `None`: no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The limit that holds.
    pub soft: Option<u64>,
    /// How far it may be raised.
    pub hard: Option<u64>,
}

/// The limit of this process.
pub fn get(resource: Resource) -> Limit {
    let Rlimit { current, maximum } = getrlimit(resource.0);
    Limit { soft: current, hard: maximum }
}

/// Sets the limit of this process, and of those that it executes.
///
/// # Errors
/// EPERM: the hard limit may not be raised. EINVAL: the soft one is above the hard one.
pub fn set(resource: Resource, limit: Limit) -> io::Result<()> {
    Ok(setrlimit(resource.0, Rlimit { current: limit.soft, maximum: limit.hard })?)
}
