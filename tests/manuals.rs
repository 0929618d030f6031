//! Every option stands in the manual page of its program.

#![forbid(unsafe_code)]

use std::path::Path;

use cli::options::Program;

const PROGRAMS: [&Program; 7] = [
    &svscan::PROGRAM,
    &supervise::PROGRAM,
    &svctl::PROGRAM,
    &svwait::PROGRAM,
    &svlog::PROGRAM,
    &svrun::PROGRAM,
    &svbox::PROGRAM,
];

/// The page of a program.
fn page(name: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above");
    ["8", "1"]
        .iter()
        .find_map(|section| std::fs::read_to_string(root.join(name).join(format!("{name}.{section}"))).ok())
}

/// The options that a page describes with mdoc's `Fl`: their names without the first dash.
fn described(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in page.lines().filter(|line| line.starts_with('.')) {
        let words: Vec<&str> = line.trim_start_matches('.').split_whitespace().collect();
        for (i, word) in words.iter().enumerate() {
            if *word == "Fl" {
                // Several may follow one Fl.
                let names = words[i + 1..].iter().take_while(|word| !is_macro(word));
                found.extend(
                    names.map(|name| name.trim_end_matches([',', '.', ';', ')']).replace("\\-", "-")),
                );
            }
        }
    }
    found
}

/// A macro of mdoc is a capital and a small letter.
fn is_macro(word: &str) -> bool {
    matches!(word.as_bytes(), [b'A'..=b'Z', b'a'..=b'z'])
}

#[test]
fn every_option_stands_in_the_manual_page() {
    let mut missing = Vec::new();
    for program in PROGRAMS {
        let page = page(program.name).unwrap_or_else(|| panic!("{} has no page", program.name));
        let described = described(&page);
        let verbs = svctl::programs().filter(|verb| verb.name.split(' ').next() == Some(program.name));
        for option in program.options.iter().chain(verbs.flat_map(|verb| verb.options)) {
            let letter = option.letter.map(|letter| letter.to_string());
            let long = option.long.map(|long| format!("-{long}"));
            for name in [letter, long].into_iter().flatten() {
                if !described.contains(&name) {
                    missing.push(format!("{}: -{name}", program.name));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_page_is_of_its_program() {
    for program in PROGRAMS {
        if let Some(page) = page(program.name) {
            assert!(page.contains(&format!("\n.Nm {}\n", program.name)), "{}", program.name);
        }
    }
}
