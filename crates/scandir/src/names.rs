//! The names.
//!
//! Source: s6 2.15.1.0, `doc/s6-svscan.html`. The files are the same under either directory's name.

use unix::Signal;

/// The names of one scan directory, which depend on the name of its control directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// The control directory.
    pub directory: &'static str,
    /// Locked while a scanner lives.
    pub lock: &'static str,
    /// The FIFO for commands.
    pub control: &'static str,
    /// The same while it is being put in the place of what is not it.
    pub control_new: &'static str,
    /// Executed at the end, with the exit code as its argument.
    pub finish: &'static str,
    /// Executed when the scanner cannot go on.
    pub crash: &'static str,
}

/// Our own names.
pub const OURS: Names = Names {
    directory: ".svscan",
    lock: ".svscan/lock",
    control: ".svscan/control",
    control_new: ".svscan/control.new",
    finish: ".svscan/finish",
    crash: ".svscan/crash",
};

/// Those of s6.
pub const S6: Names = Names {
    directory: ".s6-svscan",
    lock: ".s6-svscan/lock",
    control: ".s6-svscan/control",
    control_new: ".s6-svscan/control.new",
    finish: ".s6-svscan/finish",
    crash: ".s6-svscan/crash",
};

impl Names {
    /// The program that replaces the effect of a signal: `.svscan/SIGTERM`.
    pub fn hook(&self, signal: Signal) -> String {
        format!("{}/{signal}", self.directory)
    }
}

/// A scan directory's entry of this name may be a service.
pub fn is_service_name(name: &[u8]) -> bool {
    !name.is_empty() && name[0] != b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_lies_in_the_control_directory() {
        for names in [OURS, S6] {
            for file in [names.lock, names.control, names.finish, names.crash] {
                assert_eq!(file.rsplit_once('/').unwrap().0, names.directory);
            }
        }
    }

    #[test]
    fn hook_has_the_name_of_its_signal() {
        assert_eq!(OURS.hook(Signal::TERM), ".svscan/SIGTERM");
        assert_eq!(S6.hook(Signal::WINCH), ".s6-svscan/SIGWINCH");
    }

    #[test]
    fn hidden_names_are_no_services() {
        assert!(is_service_name(b"web"));
        for name in [&b""[..], b".", b"..", b".svscan", b".hidden"] {
            assert!(!is_service_name(name));
        }
    }
}
