//! The names of s6 for control and status: each is a grammar over the functions of this crate.
//!
//! Source of the options, the output and the exit codes: the pages of s6 2.15.1.0. An operand is the path of a
//! directory, never a name to be looked for.

mod instance;
mod instance_maker;
mod permafailon;
mod svc;
mod svdt;
mod svlink;
mod svperms;
mod svscanctl;
mod svstat;

use cli::Main;

/// Every name with its program.
pub(crate) const NAMES: &[(&str, Main)] = &[
    ("s6-svc", svc::main),
    ("s6-svscanctl", svscanctl::main),
    ("s6-svstat", svstat::main),
    ("s6-svok", svstat::main_ok),
    ("s6-svdt", svdt::main),
    ("s6-svdt-clear", svdt::main_clear),
    ("s6-svperms", svperms::main),
    ("s6-svlink", svlink::main),
    ("s6-svunlink", svlink::main_unlink),
    ("s6-permafailon", permafailon::main),
    ("s6-instance-maker", instance_maker::main),
    ("s6-instance-create", instance::create),
    ("s6-instance-delete", instance::delete),
    ("s6-instance-control", instance::control),
    ("s6-instance-status", instance::status),
    ("s6-instance-list", instance::list),
];
