//! What the documents say about the code is so.

use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust source below a directory.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The words between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Every row of a table in `document` ends with the tests that show it; there are at least `least` of them.
#[track_caller]
fn check_tests(document: &str, columns: usize, least: usize) {
    let mut files = Vec::new();
    sources(&top(), &mut files);
    let text = read(document);
    let rows =
        text.lines().filter(|line| line.starts_with("| ") && line.matches(" | ").count() == columns - 1);
    let mut missing = Vec::new();
    let mut count = 0;
    for name in rows.flat_map(|row| quoted(row.rsplit(" | ").next().unwrap())) {
        let (file, function) = name.split_once(": ").unwrap_or_else(|| panic!("{name}: not FILE: TEST"));
        let is_there =
            files.iter().filter(|path| path.file_stem().is_some_and(|stem| stem == file)).any(|path| {
                std::fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("fn {function}(")))
            });
        if !is_there {
            missing.push(name);
        }
        count += 1;
    }
    assert!(count >= least, "{count} tests are named");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_test_that_a_difference_names_exists() {
    check_tests("docs/differences.md", 3, 20);
}

#[test]
fn everything_that_can_run_out_has_its_test() {
    check_tests("docs/exhaustion.md", 3, 10);
    let text = read("docs/exhaustion.md");
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let rows = rows.filter(|row| !row.ends_with("| test |"));
    let without: Vec<_> = rows.filter(|row| !row.rsplit(" | ").next().unwrap().contains(": ")).collect();
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn every_file_that_is_opened_has_its_test() {
    check_tests("docs/security.md", 4, 25);
    check_tests("docs/security.md", 6, 2);
    let text = read("docs/security.md");
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.matches(" | ").count() == 3);
    let without: Vec<_> = rows
        .filter(|row| !row.ends_with("| test |") && !row.starts_with("| ---") && !row.contains(": "))
        .collect();
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn every_file_that_the_readme_links_to_exists() {
    let text = read("README.md");
    let links: Vec<_> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(!links.is_empty());
    for link in links {
        assert!(top().join(link).exists(), "{link}");
    }
}
