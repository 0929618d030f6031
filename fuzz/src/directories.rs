//! Directories and files that say an environment.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

/// A file of lines, and after each NUL a file of a directory, its name before a slash: what becomes a variable was
/// written somewhere.
pub fn variables(data: &[u8]) {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    let place = PLACE.get_or_init(|| {
        let place = std::env::temp_dir().join(format!("suite-fuzz-variables.{}", std::process::id()));
        fs::create_dir_all(&place).expect("the temporary directory can be written to");
        place
    });
    let mut parts = data.split(|&byte| byte == 0).take(5);
    let (file, dir) = (place.join("file"), place.join("dir"));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).expect("it can be made again");
    fs::write(&file, parts.next().unwrap_or_default()).expect("it can be written");
    for part in parts {
        let Some(slash) = part.iter().position(|&byte| byte == b'/') else { continue };
        let name = String::from_utf8_lossy(&part[..slash]).into_owned();
        if !name.is_empty() && !name.starts_with('.') {
            // A name may be too long.
            let _ = fs::write(dir.join(name), &part[slash + 1..]);
        }
    }
    for whole in [false, true] {
        let Ok(variables) = svrun::variables(&file, &dir, whole) else { continue };
        let mut names: Vec<_> = variables.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a variable has one value");
        for (name, value) in &variables {
            let all = [name, value].map(|text| text.as_encoded_bytes());
            assert!(!all[0].contains(&b'=') && all.iter().all(|text| !text.contains(&0)), "{variables:?}");
        }
    }
}
