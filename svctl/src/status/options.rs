//! The grammar of `svctl status`.

use std::ffi::OsString;

use cli::Failure;
use cli::options::{Name, Opt, Program, Word};

use super::fields::{self, Field};

/// How it is called.
pub(crate) const PROGRAM: Program = Program {
    name: "svctl status",
    about: "shows services: all, or those that are named",
    usage: &["[ -C dir ] [ --json | -o field,... ] [ --watch ] [ name... ]"],
    options: &[
        Opt::value('C', "dir", "the scan directory"),
        Opt::value('o', "fields", "these values only, a line a service"),
        Opt::long("json", None, "as JSON"),
        Opt::long("watch", None, "again whenever something changes"),
    ],
};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Request {
    /// How it is shown.
    pub(crate) form: Form,
    /// Again and again.
    pub(crate) is_watched: bool,
    /// The scan directory.
    pub(crate) scan: Option<OsString>,
    /// Which services; none: all.
    pub(crate) names: Vec<OsString>,
}

/// How the status is shown.
#[derive(Debug)]
pub(crate) enum Form {
    /// A table for people.
    Table,
    /// For programs.
    Json,
    /// For scripts.
    Fields(Vec<Field>),
}

/// Reads a command line; `None`: it was answered already.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(None) };
    let mut request = Request { form: Form::Table, is_watched: false, scan: None, names: Vec::new() };
    for word in words {
        match word {
            Word::Operand(name) => request.names.push(name),
            Word::Option(Name::Letter('C'), dir) => request.scan = Some(dir),
            Word::Option(Name::Letter(_), list) => {
                request.form = Form::Fields(fields::parse(&list.to_string_lossy())?);
            }
            Word::Option(Name::Long("json"), _) => request.form = Form::Json,
            Word::Option(Name::Long(_), _) => request.is_watched = true,
        }
    }
    cli::name_program("svctl");
    Ok(Some(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_options_mix() {
        let args = ["status", "web", "-C", "/srv", "--watch", "-o", "name,pid", "db"];
        let request = parse(args.map(OsString::from).to_vec()).unwrap().unwrap();
        assert!(request.is_watched && matches!(&request.form, Form::Fields(fields) if fields.len() == 2));
        assert_eq!((request.scan, request.names.len()), (Some("/srv".into()), 2));
        assert!(parse(["status", "-o", "nothing"].map(OsString::from).to_vec()).is_err());
    }
}
