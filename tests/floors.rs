//! The floors of the house: who may depend on whom, and what each must never do.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PURE: [&str; 8] = ["unix", "status", "control", "logdir", "lifecycle", "roster", "logscript", "stages"];
const WORLD: [&str; 4] = ["sys", "fifodir", "servicedir", "scandir"];
const PROGRAMS: [&str; 7] = ["supervise", "svscan", "svctl", "svwait", "svlog", "svinit", "svrun"];

/// The crates of others that name the kernel: `sys` alone may.
const KERNEL: [&str; 4] = ["rustix", "nix", "inotify", "libc"];

/// What a package may depend on; `None` for one that stands nowhere in the plan.
fn allowed(package: &str) -> Option<Vec<&'static str>> {
    let below = || PURE.into_iter().chain(WORLD).chain(["cli"]);
    Some(match package {
        // For its constants.
        "unix" => vec!["libc"],
        "status" | "control" | "logdir" => vec!["unix"],
        "lifecycle" | "roster" => vec!["unix", "status", "control"],
        "stages" => vec!["unix"],
        // Libraries that compute and do nothing.
        "logscript" => vec!["unix", "logdir", "memchr"],
        // talc: an allocator for programs that shall take no memory once they run.
        "sys" => ["unix", "talc"].into_iter().chain(KERNEL).collect(),
        "fifodir" => vec!["sys"],
        "servicedir" | "scandir" => vec!["unix", "status", "control", "sys", "fifodir"],
        "cli" => vec!["lexopt"],
        // They share the waiting. It unpacks archives.
        "svctl" => below().chain(["svwait", "miniz_oxide"]).collect(),
        "supervise" | "svscan" | "svwait" | "svinit" | "svrun" => below().collect(),
        // It compresses.
        "svlog" => below().chain(["miniz_oxide"]).collect(),
        // Both machines with a world that is a value: whatever does I/O would not be one.
        "simulation" => vec!["unix", "status", "control", "lifecycle", "roster"],
        "svbox" => below().chain(PROGRAMS).collect(),
        "suite-tests" => below().chain(PROGRAMS).chain(["svbox"]).collect(),
        _ => return None,
    })
}

/// A package of the workspace.
struct Package {
    name: String,
    dir: PathBuf,
    dependencies: BTreeSet<String>,
}

fn packages() -> Vec<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above");
    let dirs = [root.to_owned(), root.join("crates")];
    let entries = dirs.iter().flat_map(|dir| std::fs::read_dir(dir).unwrap().flatten());
    let manifests = entries.map(|entry| entry.path()).filter(|dir| dir.join("Cargo.toml").exists());
    // fuzz/ is a workspace of its own.
    let packages: Vec<_> = manifests.filter(|dir| !dir.ends_with("fuzz")).map(|dir| package(&dir)).collect();
    assert!(packages.len() >= 16, "every package was found");
    packages
}

fn package(dir: &Path) -> Package {
    let manifest = std::fs::read_to_string(dir.join("Cargo.toml")).unwrap();
    let (mut section, mut name, mut dependencies) = ("", None, BTreeSet::new());
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            // [dependencies.name], [target.'cfg(…)'.dependencies.name]
            if let Some((_, dependency)) = section.split_once("dependencies.") {
                dependencies.insert(dependency.to_owned());
            }
        } else if let Some((key, value)) = line.split_once('=') {
            let key = key.trim();
            if section == "package" && key == "name" {
                name = Some(value.trim().trim_matches('"').to_owned());
            }
            if section.ends_with("dependencies") {
                dependencies.insert(key.split('.').next().unwrap().to_owned());
            }
        }
    }
    let name = name.unwrap_or_else(|| panic!("{}: no name", dir.display()));
    Package { name, dir: dir.to_owned(), dependencies }
}

impl Package {
    /// The text of each of its Rust files.
    fn sources(&self) -> Vec<(PathBuf, String)> {
        let mut pending = vec![self.dir.clone()];
        let mut sources = Vec::new();
        while let Some(dir) = pending.pop() {
            for entry in std::fs::read_dir(dir).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() && !path.ends_with("target") {
                    pending.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    sources.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        sources
    }

    /// The text of the files that a crate begins with.
    fn roots(&self) -> Vec<(PathBuf, String)> {
        let lib = self.dir.join("src/lib.rs");
        if lib.exists() {
            return vec![(lib.clone(), std::fs::read_to_string(lib).unwrap())];
        }
        self.sources().into_iter().filter(|(_, text)| text.contains("\nfn main()")).collect()
    }
}

#[test]
fn no_arrow_leaves_the_plan() {
    let mut wrong = Vec::new();
    for package in packages() {
        let Some(allowed) = allowed(&package.name) else {
            wrong.push(format!("{}: not in the plan", package.name));
            continue;
        };
        let more = package.dependencies.iter().filter(|dependency| !allowed.contains(&dependency.as_str()));
        wrong.extend(more.map(|dependency| format!("{} -> {dependency}", package.name)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_sys_may_be_unsafe() {
    for package in packages().iter().filter(|package| package.name != "sys") {
        for (path, text) in package.roots() {
            assert!(text.contains("#![forbid(unsafe_code)]"), "{}", path.display());
        }
    }
}

#[test]
fn pure_crates_have_no_standard_library() {
    let is_pure = |package: &&Package| PURE.contains(&package.name.as_str()) || package.name == "simulation";
    for package in packages().iter().filter(is_pure) {
        for (path, text) in package.roots() {
            assert!(text.contains("#![no_std]"), "{}", path.display());
        }
        for (path, text) in package.sources() {
            // Tests may: they stand at the end of a file, or in a file of their own.
            let is_test =
                path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
            let code = text.split("#[cfg(test)]").next().unwrap();
            assert!(is_test || !code.contains("std::"), "{}", path.display());
        }
    }
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    for package in packages().iter().filter(|package| package.name != "suite-tests") {
        let manifest = std::fs::read_to_string(package.dir.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", package.name);
    }
}

#[test]
fn main_of_a_program_is_three_lines() {
    for name in PROGRAMS {
        let package = packages().into_iter().find(|package| package.name == name).unwrap();
        let Ok(text) = std::fs::read_to_string(package.dir.join("src/main.rs")) else {
            // The library comes first.
            continue;
        };
        let code = text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//"));
        assert!(code.filter(|line| !line.starts_with("#!")).count() <= 3, "{name}: {text}");
    }
}
