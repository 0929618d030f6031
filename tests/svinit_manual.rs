//! The manual page of the stages is complete.

#![forbid(unsafe_code)]

use std::path::Path;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../svinit/svinit-stages.8");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_variable_stands_in_the_manual_page() {
    let page = page();
    let stands = |name: &str| {
        let wanted = format!(".Ev S6_{name}");
        page.lines().any(|line| {
            let line = line.strip_prefix(".It").unwrap_or(line).replace(" ,", "");
            let line = line.trim_start_matches([' ', '.']);
            line == &wanted[1..] || line.starts_with(&format!("{} ", &wanted[1..]))
        })
    };
    let missing: Vec<_> = stages::Settings::names().filter(|name| !stands(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn defaults_in_the_manual_page_are_those_of_the_settings() {
    let (page, settings) = (page(), stages::Settings::default());
    let script = String::from_utf8(settings.logging_script).unwrap();
    for (name, default) in [
        ("KILL_FINISH_MAXTIME", settings.finish_most.as_millis().to_string()),
        ("KILL_GRACETIME", settings.kill_grace.as_millis().to_string()),
        ("SERVICES_GRACETIME", settings.services_grace.as_millis().to_string()),
        ("VERBOSITY", settings.verbosity.to_string()),
        ("LOGGING_SCRIPT", format!("\"{script}\"")),
    ] {
        let line = format!(".It Ev S6_{name} Pq {default}\n");
        assert!(page.contains(&line), "{line}");
    }
}

#[test]
fn every_option_stands_in_the_manual_page() {
    let page = page();
    for option in svinit::STAGES.options {
        let letter = option.letter.map(|letter| format!("Fl {letter} "));
        let long = option.long.map(|long| format!("Fl -{long}\n"));
        for name in [letter, long].into_iter().flatten() {
            assert!(page.contains(&name), "{name}");
        }
    }
}
