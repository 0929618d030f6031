//! What a container says.

use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use stages::{Complaint, Waited};
use sys::problem::Problem;

use super::scripts::Scripts;

/// From this verbosity on, warnings are said.
const WARNS: u32 = 1;
/// From this one on, each step.
const TELLS_STEPS: u32 = 2;

static VERBOSITY: AtomicU32 = AtomicU32::new(WARNS);

/// Sets how much is said.
pub(crate) fn set_verbosity(verbosity: u32) {
    VERBOSITY.store(verbosity, Ordering::Relaxed);
}

/// Each step is told.
pub(crate) fn tells_steps() -> bool {
    VERBOSITY.load(Ordering::Relaxed) >= TELLS_STEPS
}

/// Warns, unless only failures are wanted.
pub(crate) fn warn(text: impl Display) {
    if VERBOSITY.load(Ordering::Relaxed) >= WARNS {
        cli::warn(text);
    }
}

/// Says what is wrong with a variable.
pub(crate) fn complaint(complaint: &Complaint) {
    match complaint {
        Complaint::Unknown(name) => {
            warn(format_args!("no such variable: {}; it is ignored", String::from_utf8_lossy(name)));
        }
        Complaint::Bad { name, wanted } => {
            let name = String::from_utf8_lossy(name);
            warn(format_args!("{name} should be {wanted}; it is ignored"));
        }
    }
}

/// What people call something that a container waits for.
pub(crate) fn name(what: Waited, scripts: &Scripts) -> String {
    match what {
        Waited::Script(script) => scripts.path(script).unwrap_or(Path::new("the hook")).display().to_string(),
        Waited::Attributes => "the attributes of files (fix-attrs.d)".into(),
        Waited::Services => "the services to be up, or ready".into(),
        Waited::Command => "the command to end".into(),
        Waited::ServicesEnd => "the services to end".into(),
        Waited::Strays => "what is left to end".into(),
    }
}

/// What can be done about a program that cannot be executed, to be said after the reason.
pub(crate) fn cure(problem: &Problem) -> &'static str {
    match problem {
        Problem::Mode(_) => "; chmod +x it",
        Problem::NoExec => "; mount that with exec, or keep the file elsewhere",
        Problem::NoInterpreter(_) => "; add that to the image, or name another one in the #! line",
        Problem::CarriageReturn => "; save it with LF line ends: sed -i 's/\\r$//'",
        Problem::NoShebang | Problem::Empty => "; its first line must name its interpreter: #!/bin/sh",
        _ => "",
    }
}
