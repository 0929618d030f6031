//! Command lines, each with what it does, by verb.

/// A command line, and what it does.
type Example = (&'static str, &'static str);

const EXAMPLES: &[(&str, &[Example])] = &[
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
    fn every_example_is_of_a_verb_that_there_is() {
        for (name, examples) in EXAMPLES {
            assert!(VERBS.iter().any(|verb| verb.name == *name), "{name}");
            assert!(examples.iter().all(|(line, _)| line.contains(&format!("svctl {name}"))), "{name}");
        }
    }
}
