//! Where everything is in a container.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use stages::Settings;
use sys::file::{self, Kind};

/// Where the image brings its scripts and services.
const ETC: &str = "/etc";
/// Where it brings those of profiles.
const PROFILES: &str = "/etc/cont-profile.d";

/// Whose way of laying out an image it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// s6-overlay's.
    Overlay,
    /// That of baseimage-docker's `my_init`.
    Baseimage,
}

/// The paths of a container.
#[derive(Debug)]
pub(crate) struct Layout {
    style: Style,
    /// Where `cont-init.d`, `services.d` and the like are.
    etc: PathBuf,
    /// Where everything is that changes.
    state: PathBuf,
}

impl Layout {
    pub(crate) fn new(style: Style, settings: &Settings, state: PathBuf) -> Layout {
        let etc = match &settings.profile {
            Some(profile) if style == Style::Overlay => Path::new(PROFILES).join(OsStr::from_bytes(profile)),
            _ => ETC.into(),
        };
        Layout { style, etc, state }
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    fn image(&self, overlay: &str, baseimage: &str) -> PathBuf {
        self.etc.join(match self.style {
            Style::Overlay => overlay,
            Style::Baseimage => baseimage,
        })
    }

    /// Files that say which attributes files shall have.
    pub(crate) fn attributes(&self) -> PathBuf {
        self.etc.join("fix-attrs.d")
    }

    /// Scripts that run before the services.
    pub(crate) fn inits(&self) -> PathBuf {
        self.image("cont-init.d", "my_init.d")
    }

    /// One that runs after those.
    pub(crate) fn last_init(&self) -> Option<PathBuf> {
        (self.style == Style::Baseimage).then(|| self.etc.join("rc.local"))
    }

    /// Scripts that run after the services.
    pub(crate) fn finishes(&self) -> PathBuf {
        self.image("cont-finish.d", "my_init.post_shutdown.d")
    }

    /// Service directories.
    pub(crate) fn services(&self) -> PathBuf {
        self.image("services.d", "service")
    }

    /// Where everything is that changes.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    /// The scan directory in the state directory.
    pub(crate) fn own_scan(&self) -> PathBuf {
        self.state.join("service")
    }

    /// The service directories are scanned where they are: `sv` and its users look for them there.
    pub(crate) fn scans_in_place(&self) -> bool {
        let services = self.services();
        let is_dir = matches!(file::look(&services), Ok(Some(info)) if info.kind == Kind::Directory);
        self.style == Style::Baseimage && is_dir && file::may_write(&services).is_ok()
    }

    /// The scan directory.
    pub(crate) fn scan(&self) -> PathBuf {
        if self.scans_in_place() { self.services() } else { self.own_scan() }
    }

    /// What is ours in the state directory, but for the scan directory.
    pub(crate) fn own(&self) -> PathBuf {
        self.state.join("s6")
    }

    /// The environment, a file a variable.
    pub(crate) fn environment(&self) -> PathBuf {
        self.own().join("container_environment")
    }

    /// Where commands come in.
    pub(crate) fn control(&self) -> PathBuf {
        self.state.join(super::CONTROL)
    }

    /// The exit code that somebody wants, as text.
    pub(crate) fn exit_code(&self) -> PathBuf {
        self.state.join("s6-linux-init-container-results/exitcode")
    }

    /// Where the catch-all logger writes, the first of these that there can be.
    pub(crate) fn logs(&self) -> [PathBuf; 2] {
        ["/var/log/s6-uncaught-logs".into(), self.state.join("uncaught-logs")]
    }
}
