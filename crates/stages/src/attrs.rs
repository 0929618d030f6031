//! A line of `fix-attrs.d`: `PATH RECURSE ACCOUNT FMODE DMODE`.
//!
//! Source: s6-overlay v2.2.0.3, README, "Fixing ownership & permissions".

use alloc::vec::Vec;

/// Whom files shall belong to: a user (and a group) by name, and numbers if there is no such name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The user's name, or number.
    pub user: Vec<u8>,
    /// The group's, if it is not the user's own.
    pub group: Option<Vec<u8>>,
    /// What is taken if the user does not exist: user and group.
    pub fallback: Option<(u32, u32)>,
}

/// The attributes that the files of a path shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The path, which may be a pattern.
    pub path: Vec<u8>,
    /// With all that is below.
    pub recurses: bool,
    /// Their owner.
    pub account: Account,
    /// Mode of what is no directory.
    pub file_mode: u32,
    /// Mode of directories.
    pub dir_mode: u32,
}

/// Why a line says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// It has not five words.
    Words,
    /// The path is not absolute.
    Path,
    /// The second word is neither `true` nor `false`.
    Recurse,
    /// The account is none.
    Account,
    /// A mode is no octal number up to 7777.
    Mode,
}

impl Attributes {
    /// What a line says; `None`: it is empty or a comment.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Option<Attributes>, BadLine> {
        let words: Vec<&[u8]> =
            line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(6).collect();
        if words.first().is_none_or(|word| word.starts_with(b"#")) {
            return Ok(None);
        }
        let [path, recurse, account, file_mode, dir_mode] = words[..] else { return Err(BadLine::Words) };
        if !path.starts_with(b"/") {
            return Err(BadLine::Path);
        }
        let recurses = match recurse {
            b"true" => true,
            b"false" => false,
            _ => return Err(BadLine::Recurse),
        };
        let account = Account::parse(account).ok_or(BadLine::Account)?;
        let (file_mode, dir_mode) = (mode(file_mode)?, mode(dir_mode)?);
        Ok(Some(Attributes { path: path.to_vec(), recurses, account, file_mode, dir_mode }))
    }
}

impl Account {
    /// `user`, `user:group`, `user,32768:32768`, `1000:1000`.
    fn parse(text: &[u8]) -> Option<Account> {
        let mut halves = text.splitn(2, |&byte| byte == b',');
        let (name, numbers) = (halves.next()?, halves.next());
        let fallback = match numbers {
            None => None,
            Some(numbers) => Some(pair(numbers)?),
        };
        let mut parts = name.splitn(2, |&byte| byte == b':');
        let user = parts.next().filter(|user| !user.is_empty())?.to_vec();
        let group = parts.next().map(<[u8]>::to_vec);
        if group.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        Some(Account { user, group, fallback })
    }
}

fn pair(text: &[u8]) -> Option<(u32, u32)> {
    let (user, group) = core::str::from_utf8(text).ok()?.split_once(':')?;
    Some((user.parse().ok()?, group.parse().ok()?))
}

fn mode(text: &[u8]) -> Result<u32, BadLine> {
    let text = core::str::from_utf8(text).map_err(|_| BadLine::Mode)?;
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o7777 && !text.starts_with('+') => Ok(mode),
        _ => Err(BadLine::Mode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_the_documentation_is_read() {
        let line = b"/var/lib/mysql true mysql,32768:32768 0600 0700";
        let found = Attributes::parse(line).unwrap().unwrap();
        assert_eq!(found.path, b"/var/lib/mysql");
        assert!(found.recurses);
        assert_eq!(
            found.account,
            Account { user: b"mysql".to_vec(), group: None, fallback: Some((32768, 32768)) }
        );
        assert_eq!((found.file_mode, found.dir_mode), (0o600, 0o700));
    }

    #[test]
    fn comments_and_empty_lines_say_nothing() {
        for line in ["", "  ", "# /var true root 0600 0700"] {
            assert_eq!(Attributes::parse(line.as_bytes()), Ok(None), "{line:?}");
        }
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        for (line, bad) in [
            ("/var true root 0600", BadLine::Words),
            ("/var true root 0600 0700 x", BadLine::Words),
            ("var true root 0600 0700", BadLine::Path),
            ("/var yes root 0600 0700", BadLine::Recurse),
            ("/var true ,1:1 0600 0700", BadLine::Account),
            ("/var true web,1 0600 0700", BadLine::Account),
            ("/var true web: 0600 0700", BadLine::Account),
            ("/var true web 0800 0700", BadLine::Mode),
            ("/var true web 600 17777", BadLine::Mode),
        ] {
            assert_eq!(Attributes::parse(line.as_bytes()), Err(bad), "{line}");
        }
    }
}
