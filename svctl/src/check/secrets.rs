//! Secrets in `env/` that everybody can read.

use std::path::Path;

use sys::file::{self, Kind};

use super::entries;
use super::finding::Findings;

/// What the name of a secret contains.
const WORDS: [&str; 4] = ["PASS", "SECRET", "TOKEN", "KEY"];
/// How a name ends that says where a secret is.
const PLACES: [&str; 3] = ["_FILE", "_PATH", "_DIR"];

/// Looks at `env/` of the service directory `dir`.
pub(crate) fn check(findings: &mut Findings, dir: &Path) {
    let env = dir.join("env");
    if !(may_be_entered(dir) && may_be_entered(&env)) {
        return;
    }
    for path in entries(&env) {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if let Ok(Some(info)) = file::look(&path)
            && info.kind == Kind::File
            && info.mode & 0o004 != 0
            && info.size > 0
            && is_secret(&name)
        {
            findings
                .warning(&path, format_args!("a secret that everybody can read (mode {:04o})", info.mode));
        }
    }
}

fn may_be_entered(dir: &Path) -> bool {
    file::look(dir).is_ok_and(|info| info.is_some_and(|info| info.mode & 0o001 != 0))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let has = |word: &&str| name.as_bytes().windows(word.len()).any(|part| part == word.as_bytes());
    WORDS.iter().any(has) && !PLACES.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_told_by_its_name() {
        for name in ["DB_PASSWORD", "api_token", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PORT", "TLS_KEY_FILE", "HOME"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
