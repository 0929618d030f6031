//! `svctl help`: the verbs, or all about one.

mod examples;

use std::ffi::OsString;
use std::fmt::Write;

use cli::options::{Program, Word};
use cli::{Failure, Unable, answer};

use crate::request;
use crate::verbs::{self, VERBS, Verb};

/// The verb as its users see it.
pub(crate) const PROGRAM: Program = Program {
    name: "svctl help",
    about: "says what verbs there are, or all about one",
    usage: &["[ verb ]"],
    options: &[],
};

/// What is said of the operands of most verbs.
const NAMES: &str = "
A name is a service of the scan directory (web, web/log), a pattern of such
names ('web*', '*/log'), or a path. The scan directory is the one of -C, else
of SVDIR, else the first of /service, /run/service and /etc/service.
";

/// Says it.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(()) };
    let text = match words.as_slice() {
        [] => all(),
        [Word::Operand(word)] => match verbs::find(word) {
            Some(verb) => page(verb),
            None => return Err(PROGRAM.misuse(&format!("there is no verb {}", word.display()))),
        },
        _ => return Err(PROGRAM.usage()),
    };
    answer(text.as_bytes()).unable(|| "write to standard output")
}

// Writing to a String cannot fail.
fn all() -> String {
    let mut text = format!("svctl: {}\n\n", request::PROGRAM.about);
    for verb in VERBS {
        let _ = writeln!(text, "  {:<10} {}", verb.name, verb.program.about);
    }
    text.push_str(
        "\nsvctl help VERB says all about one; svctl --help lists the letters, which are for scripts.\n",
    );
    text
}

fn page(verb: &Verb) -> String {
    let mut text = verb.program.help();
    if verb.program.usage.iter().any(|usage| usage.ends_with("name...") || usage.ends_with("name... ]")) {
        text.push_str(NAMES);
    }
    let examples = examples::of(verb.name);
    if !examples.is_empty() {
        text.push_str("\nexamples:\n");
    }
    for (line, what) in examples {
        let _ = writeln!(text, "  {line}\n        {what}");
    }
    text.push_str("\nmore, with all exit codes: man 8 svctl\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_in_the_list_and_has_a_page_of_its_own_grammar() {
        let list = all();
        for verb in VERBS {
            assert!(
                list.contains(&format!("\n  {:<10} {}\n", verb.name, verb.program.about)),
                "{}",
                verb.name
            );
            let page = page(verb);
            assert!(page.starts_with(verb.program.name) && page.contains("\nexamples:\n"), "{page}");
        }
        for (name, takes_names) in [("restart", true), ("status", true), ("stop", false), ("check", false)] {
            assert_eq!(page(verbs::find(name).unwrap()).contains(NAMES), takes_names, "{name}");
        }
    }
}
