//! Where everything is in a container.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use stages::Settings;

/// Where the image brings its scripts and services.
const ETC: &str = "/etc";
/// Where it brings those of profiles.
const PROFILES: &str = "/etc/cont-profile.d";

/// The paths of a container.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Where `cont-init.d`, `services.d` and the like are.
    etc: PathBuf,
    /// Where everything is that changes.
    state: PathBuf,
}

impl Layout {
    pub(crate) fn new(settings: &Settings) -> Layout {
        let etc = match &settings.profile {
            Some(profile) => Path::new(PROFILES).join(OsStr::from_bytes(profile)),
            None => ETC.into(),
        };
        Layout { etc, state: OsStr::from_bytes(&settings.state_dir).into() }
    }

    /// Files that say which attributes files shall have.
    pub(crate) fn attributes(&self) -> PathBuf {
        self.etc.join("fix-attrs.d")
    }

    /// Scripts that run before the services.
    pub(crate) fn inits(&self) -> PathBuf {
        self.etc.join("cont-init.d")
    }

    /// Scripts that run after them.
    pub(crate) fn finishes(&self) -> PathBuf {
        self.etc.join("cont-finish.d")
    }

    /// Service directories.
    pub(crate) fn services(&self) -> PathBuf {
        self.etc.join("services.d")
    }

    /// Where everything is that changes.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    /// The scan directory.
    pub(crate) fn scan(&self) -> PathBuf {
        self.state.join("service")
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
}
