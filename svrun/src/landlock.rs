//! What the program may use of paths and of TCP ports, by landlock(7); everything else of the same kind is refused.

use std::path::{Path, PathBuf};

use cli::{Failure, Unable};
use sys::landlock::{Rules, Tcp, Use, version};

use crate::apply::on;

/// What is allowed. Paths are restricted where there is any; a use of ports where it is `Some`.
#[derive(Debug, Default)]
pub(crate) struct Fence {
    pub(crate) read: Vec<PathBuf>,
    pub(crate) write: Vec<PathBuf>,
    pub(crate) bind: Option<Vec<u16>>,
    pub(crate) connect: Option<Vec<u16>>,
    /// What the kernel cannot refuse is said, and allowed.
    pub(crate) as_far_as_possible: bool,
}

impl Fence {
    pub(crate) fn is_none(&self) -> bool {
        !self.has_paths() && !self.has_ports()
    }

    fn has_paths(&self) -> bool {
        !(self.read.is_empty() && self.write.is_empty())
    }

    fn has_ports(&self) -> bool {
        self.bind.is_some() || self.connect.is_some()
    }
}

/// Restricts this process, and those that it executes.
///
/// # Errors
/// The kernel cannot, a path does not exist, or new privileges were not renounced.
pub(crate) fn enforce(fence: &Fence) -> Result<(), Failure> {
    let lacks = lacks(fence, version());
    for lack in &lacks {
        let text = format!("this kernel cannot restrict {lack}");
        if !fence.as_far_as_possible {
            return Err(Failure::Refused(format!("{text}; --allow-less goes on without").into()));
        }
        cli::warn(text);
    }
    if version() == 0 || !fence.has_paths() && version() < 4 {
        return Ok(());
    }
    let kinds = [fence.bind.as_ref().map(|_| Tcp::Bind), fence.connect.as_ref().map(|_| Tcp::Connect)];
    let kinds: Vec<Tcp> = kinds.into_iter().flatten().collect();
    let rules = Rules::new(fence.has_paths(), &kinds).unable(|| "make landlock rules")?;
    add(&rules, fence)?;
    rules.enforce().unable(|| "enforce the landlock rules")
}

fn add(rules: &Rules, fence: &Fence) -> Result<(), Failure> {
    let allow = |path: &Path, what| on(path, "allow the use of", rules.allow_path(path, what));
    fence.read.iter().try_for_each(|path| allow(path, Use::Read))?;
    fence.write.iter().try_for_each(|path| allow(path, Use::Write))?;
    if version() < 4 {
        return Ok(());
    }
    for (ports, what) in [(&fence.bind, Tcp::Bind), (&fence.connect, Tcp::Connect)] {
        for &port in ports.iter().flatten() {
            rules.allow_port(port, what).unable(|| format!("allow the use of port {port}"))?;
        }
    }
    Ok(())
}

/// What this version of the kernel cannot refuse of what is asked for.
fn lacks(fence: &Fence, version: u32) -> Vec<&'static str> {
    let (paths, ports) = (fence.has_paths(), fence.has_ports());
    let all = [
        (paths && version == 0, "paths: it has no landlock, or not switched on (Linux 5.13)"),
        (ports && version < 4, "TCP ports (Linux 6.7)"),
        (paths && version == 1, "moving files between directories other than by refusing it (Linux 5.19)"),
        (paths && (1..3).contains(&version), "emptying files that may only be read (Linux 6.2)"),
        (paths && (1..5).contains(&version), "control of devices that may only be read (Linux 6.10)"),
    ];
    all.into_iter().filter(|(is_lacking, _)| *is_lacking).map(|(_, what)| what).collect()
}

/// `80,443`, or `none`.
pub(crate) fn ports(text: &str) -> Option<Vec<u16>> {
    match text {
        "none" => Some(Vec::new()),
        text => text.split(',').map(crate::numbers::plain).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_lacks_less() {
        let fence = Fence { read: vec!["/".into()], bind: Some(vec![]), ..Fence::default() };
        let counts = [0, 1, 2, 3, 4, 5].map(|version| lacks(&fence, version).len());
        assert_eq!(counts, [2, 4, 3, 2, 1, 0]);
        assert!(lacks(&Fence::default(), 0).is_empty());
    }

    #[test]
    fn ports_are_numbers() {
        assert_eq!(ports("80,443"), Some(vec![80, 443]));
        assert_eq!(ports("none"), Some(vec![]));
        assert_eq!(ports("").or(ports("70000")).or(ports("http")), None);
    }
}
