//! `s6-instance-…`: services that are made of a template while their scanner runs.
//!
//! The service of instances is a scanner on `instance/`, a directory of links to those in `instances/`, each a
//! copy of `template/`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Unable, answer};
use sys::dir::{self, Links};
use sys::{file, process, tree};

use crate::classic::printable;

use super::svlink::{self, Departure, Manner};
use super::{svc, svstat};

const CREATE: Grammar = Grammar {
    name: "s6-instance-create",
    usage: "[ -d | -D ] [ -f ] [ -P ] [ -t timeout ] service instancename",
    letters: "dDfPt:",
    long: &[],
};

const DELETE: Grammar = Grammar {
    name: "s6-instance-delete",
    usage: "[ -X ] [ -t timeout ] service instancename",
    letters: "Xt:",
    long: &[],
};

const CONTROL: Grammar = Grammar {
    name: "s6-instance-control",
    usage: "[ -wu | -wU | -wd | -wD | -wr | -wR ] [ -T timeout ] [ -abqhkti12pcyroduDUxO ] service instancename",
    letters: "abqhkti12pcyroduDUxOT:w:",
    long: &[],
};

const STATUS: Grammar = Grammar {
    name: "s6-instance-status",
    usage: "[ -uwNrpest | -o up,wantedup,normallyup,ready,paused,pid,exitcode,signal,signum,updownsince,\
            readysince,updownfor,readyfor ] [ -n ] service name",
    letters: "no:uwNrpest",
    long: &[],
};

const LIST: Grammar = Grammar { name: "s6-instance-list", usage: "service", letters: "", long: &[] };

/// The directory of links, the scanner's.
const LINKS: &str = "instance";
/// The directory of copies.
const COPIES: &str = "instances";

pub(super) fn create(args: Vec<OsString>) -> ExitCode {
    cli::end(run_create(args))
}

pub(super) fn delete(args: Vec<OsString>) -> ExitCode {
    cli::end(run_delete(args))
}

pub(super) fn list(args: Vec<OsString>) -> ExitCode {
    cli::end(run_list(args))
}

pub(super) fn control(args: Vec<OsString>) -> ExitCode {
    hand_on(&CONTROL, args, svc::main)
}

pub(super) fn status(args: Vec<OsString>) -> ExitCode {
    hand_on(&STATUS, args, svstat::main)
}

/// Calls the program for services with the directory of the instance in place of the last two words.
fn hand_on(grammar: &Grammar, mut args: Vec<OsString>, program: cli::Main) -> ExitCode {
    let result = grammar.parse(args.clone()).and_then(|line| {
        let (service, name) = service_and_name(grammar, &line.operands)?;
        if service.as_os_str().is_empty() {
            return Err(Failure::Refused("the service has no name".into()));
        }
        args.truncate(args.len() - line.operands.len());
        args.push(service.join(LINKS).join(name).into());
        Ok(())
    });
    match result {
        Ok(()) => program(args),
        Err(failure) => failure.report(),
    }
}

fn service_and_name<'a>(
    grammar: &Grammar,
    operands: &'a [OsString],
) -> Result<(&'a Path, &'a OsString), Failure> {
    let [service, name, ..] = operands else { return Err(grammar.misuse()) };
    let blank = |byte: &u8| b" \t\x0c\r\n".contains(byte);
    if !svlink::is_name(name) || name.as_encoded_bytes().iter().any(blank) {
        return Err(Failure::Refused("not the name of an instance".into()));
    }
    Ok((Path::new(service), name))
}

/// Enters the scanner's directory of a service, and finds the scanner there.
fn enter(service: &Path) -> Result<(), Failure> {
    if service.as_os_str().is_empty() {
        return Err(Failure::Refused("the service has no name".into()));
    }
    let links = service.join(LINKS);
    process::enter(&links).unable(|| ("enter", &links))?;
    svlink::check_scanner(Path::new("."))
}

fn run_create(args: Vec<OsString>) -> Result<(), Failure> {
    let line = CREATE.parse(args)?;
    let (service, name) = service_and_name(&CREATE, &line.operands)?;
    let manner = Manner::read(&CREATE, &line.options)?;
    for folder in [COPIES, LINKS] {
        let folder = service.join(folder);
        let umask = process::set_umask(0);
        let made = dir::make(&folder, 0o755, Links::Trusted);
        process::set_umask(umask);
        made.unable(|| ("make", &folder))?;
    }
    enter(service)?;
    let copy: PathBuf = ["..", COPIES].iter().map(Path::new).chain([Path::new(name)]).collect();
    let shown = service.join(COPIES).join(name);
    if file::look(&copy).unable(|| ("look at", &shown))?.is_some() {
        return Err(Failure::Refused(format!("{} is there already", shown.display()).into()));
    }
    let made = tree::copy(Path::new("../template"), &copy)
        .unable(|| format!("copy {}/template to {}", service.display(), shown.display()))
        .and_then(|()| svlink::link(Path::new("."), &copy, &copy, name, &manner));
    if made.is_err() {
        let _ = tree::remove(&copy);
    }
    made
}

fn run_delete(args: Vec<OsString>) -> Result<(), Failure> {
    let line = DELETE.parse(args)?;
    let (service, name) = service_and_name(&DELETE, &line.operands)?;
    let departure = Departure::read(&DELETE, &line.options)?;
    enter(service)?;
    svlink::unlink(Path::new("."), name, &departure)?;
    let shown = service.join(COPIES).join(name);
    tree::remove(&Path::new("..").join(COPIES).join(name)).unable(|| ("remove", &shown))
}

fn run_list(args: Vec<OsString>) -> Result<(), Failure> {
    let line = LIST.parse(args)?;
    let Some(service) = line.operands.first() else { return Err(LIST.misuse()) };
    enter(Path::new(service))?;
    let mut names: Vec<u8> = Vec::new();
    let listed = dir::Dir::open(Path::new(".")).and_then(|dir| {
        dir.each(|name| {
            if scandir::is_service_name(name.to_bytes()) {
                match sys::terminal::is_output() {
                    true => names.extend(printable(OsStr::from_bytes(name.to_bytes())).into_bytes()),
                    false => names.extend(name.to_bytes()),
                }
                names.push(b'\n');
            }
        })
    });
    listed.unable(|| format!("list {}/{LINKS}", service.display()))?;
    answer(&names).unable(|| "write to standard output")
}
