//! Command lines, each with what it does, by verb.

/// A command line, and what it does.
type Example = (&'static str, &'static str);

const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "status",
        &[
            ("svctl status", "all services; exit 3 if one is not as it is wanted"),
            ("svctl status 'web*' db", "some of them"),
            ("svctl status -o name,pid,updownfor", "a line each, for a script"),
            ("svctl status --json | jq -r '.services[] | select(.failed) | .name'", "those that have failed"),
            ("svctl status --watch", "again whenever something changes; ^Z stops it, ^C ends it"),
        ],
    ),
    (
        "up",
        &[
            ("svctl up web", "start it, and again whenever it dies"),
            (
                "svctl up --wait=ready --timeout 10000 web",
                "and say when it is ready, or after ten seconds that it is not",
            ),
        ],
    ),
    (
        "down",
        &[
            ("svctl down web --wait", "stop it, and say how it ended"),
            ("svctl down '*'", "every service; loggers go on"),
            ("svctl down '*/log'", "every logger"),
        ],
    ),
    (
        "restart",
        &[
            ("svctl restart web", "stop it and start it again; start it if it is down"),
            ("svctl restart 'web*' --wait=ready", "several at the same time, an answer each"),
        ],
    ),
    ("reload", &[("svctl reload web", "its reload-signal, HUP if it names none")]),
    ("once", &[("svctl once backup --wait", "start it, but not again when it ends")]),
    (
        "kill",
        &[
            ("svctl kill HUP web db", "a signal, by name or number"),
            ("svctl kill -USR1 web", "the same, as kill(1) has it"),
        ],
    ),
    ("pause", &[("svctl pause web", "stop its process until svctl cont web")]),
    ("cont", &[("svctl cont web", "let it continue")]),
    ("exit", &[("svctl exit web --wait", "stop it, and end its supervisor")]),
    ("enable", &[("svctl enable web --wait=ready", "start it, now and with the tree")]),
    ("disable", &[("svctl disable web --wait", "stop it, and leave it down when the tree starts")]),
    ("rescan", &[("svctl rescan", "where the file system tells of no changes")]),
    ("upgrade", &[("svctl upgrade", "after new programs were installed: nothing is restarted")]),
    (
        "stop",
        &[
            ("svctl stop --wait", "end the tree, and say when it has ended"),
            ("svctl stop --timeout 30000", "or, after thirty seconds, who keeps it"),
        ],
    ),
    (
        "check",
        &[
            ("svctl check /service", "every service of a scan directory, in a test or an image build"),
            ("svctl check --json web", "one service, for a program to read"),
        ],
    ),
    (
        "events",
        &[
            ("svctl events", "what is remembered of the past"),
            ("svctl events -f web", "what happens to one service from now on"),
            ("svctl events -f --json | jq -r 'select(.notice == \"O\") | .name'", "services, as they fail"),
        ],
    ),
    ("help", &[("svctl help check", "all about svctl check")]),
    (
        "logs",
        &[
            ("svctl logs -f web db", "the last lines of two logs, and what comes"),
            ("svctl logs --since 10m web", "the last ten minutes"),
            ("svctl logs -n 100 web | grep -i error", "in the last hundred lines"),
        ],
    ),
    (
        "new",
        &[
            ("svctl new --log /service/web -- httpd -f -p 8080", "a service with a logger, started at once"),
            ("svctl new --user www-data --ready 3 web -- ./server", "one that says when it is ready"),
        ],
    ),
    ("tree", &[("svctl tree", "who runs below whom, and what that costs")]),
    ("why", &[("svctl why web", "its last deaths, the end of its log, and what it waits for")]),
];

/// Those of a verb.
pub(crate) fn of(verb: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(name, _)| *name == verb).map_or(&[], |(_, examples)| examples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verbs::VERBS;

    #[test]
    fn every_verb_has_examples_that_it_understands() {
        for verb in VERBS {
            assert!(!of(verb.name).is_empty(), "{}", verb.name);
            for (line, _) in of(verb.name) {
                // Only of the first command of a pipe; what is quoted has no blanks there.
                let words = line.split(" | ").next().unwrap().split(' ').skip(1);
                let words =
                    words.map(|word| word.trim_matches('\'').replace("-USR1", "-sUSR1").into()).collect();
                assert!(line.starts_with(&format!("svctl {}", verb.name)), "{line}");
                assert!(matches!(verb.program.parse(words), Ok(Some(_))), "{line}");
            }
        }
    }

    #[test]
    fn every_example_is_of_a_verb_that_there_is() {
        for (name, _) in EXAMPLES {
            assert!(VERBS.iter().any(|verb| verb.name == *name), "{name}");
        }
    }
}
