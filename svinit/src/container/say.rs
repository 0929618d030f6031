//! What a container says.

use std::path::Path;

use stages::{Complaint, Script, Waited};

use super::scripts::Scripts;

/// Says what is wrong with a variable.
pub(crate) fn complaint(complaint: &Complaint) {
    match complaint {
        Complaint::Unknown(name) => {
            cli::warn(format_args!("no such variable: {}; it is ignored", String::from_utf8_lossy(name)));
        }
        Complaint::Bad { name, wanted } => {
            let name = String::from_utf8_lossy(name);
            cli::warn(format_args!("{name} should be {wanted}; it is ignored"));
        }
    }
}

/// What people call something that a container waits for.
pub(crate) fn name(what: Waited, scripts: &Scripts) -> String {
    match what {
        Waited::Script(script) => path(script, scripts).display().to_string(),
        Waited::Attributes => "the attributes of files (fix-attrs.d)".into(),
        Waited::Services => "the services to be up, or ready".into(),
        Waited::Command => "the command to end".into(),
        Waited::ServicesEnd => "the services to end".into(),
        Waited::Strays => "what is left to end".into(),
    }
}

/// A script's path.
pub(crate) fn path(script: Script, scripts: &Scripts) -> &Path {
    let found = match script {
        Script::Hook => None,
        Script::Init(at) => scripts.inits.get(at),
        Script::Finish(at) => scripts.finishes.get(at),
    };
    found.map_or(Path::new("the hook"), |path| path)
}
