//! What was found: `file:line: error|warning: text`.

use std::fmt::{Display, Write};
use std::path::{Path, PathBuf};

use crate::object::Object;

/// Of the keys of the JSON form and their meanings.
const VERSION: u32 = 1;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// It will not work.
    Error,
    /// It will work, and may not be what was meant.
    Warning,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

#[derive(Debug)]
struct Finding {
    file: PathBuf,
    line: Option<usize>,
    severity: Severity,
    text: String,
}

/// All of them, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds an error about a whole file.
    pub(crate) fn error(&mut self, file: &Path, text: impl Display) {
        self.add(file, None, Severity::Error, &text);
    }

    /// Adds an error about a line, which counts from 1.
    pub(crate) fn error_at(&mut self, file: &Path, line: usize, text: impl Display) {
        self.add(file, Some(line), Severity::Error, &text);
    }

    /// Adds a warning about a whole file.
    pub(crate) fn warning(&mut self, file: &Path, text: impl Display) {
        self.add(file, None, Severity::Warning, &text);
    }

    /// Adds a warning about a line.
    pub(crate) fn warning_at(&mut self, file: &Path, line: usize, text: impl Display) {
        self.add(file, Some(line), Severity::Warning, &text);
    }

    fn add(&mut self, file: &Path, line: Option<usize>, severity: Severity, text: &dyn Display) {
        self.0.push(Finding { file: file.to_owned(), line, severity, text: text.to_string() });
    }

    /// How many there are of this kind.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|finding| finding.severity == severity).count()
    }

    /// A line for each.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(line).collect()
    }

    /// One object, a line for each finding in it.
    pub(crate) fn json(&self) -> String {
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let mut text =
            format!("{{\"version\":{VERSION},\"errors\":{errors},\"warnings\":{warnings},\"findings\":[");
        for (i, finding) in self.0.iter().enumerate() {
            text.push_str(if i == 0 { "\n" } else { ",\n" });
            let mut object = Object::default();
            object.text("file", Some(finding.file.as_os_str()));
            object.plain("line", finding.line);
            object.text("severity", Some(finding.severity.word()));
            object.text("text", Some(&finding.text));
            text.push_str(&object.finish());
        }
        text.push_str("\n]}\n");
        text
    }
}

// Writing to a String cannot fail.
fn line(finding: &Finding) -> String {
    let mut line = finding.file.to_string_lossy().replace(char::is_control, "?");
    if let Some(number) = finding.line {
        let _ = write!(line, ":{number}");
    }
    let text = finding.text.replace(char::is_control, "?");
    let _ = writeln!(line, ": {}: {text}", finding.severity.word());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finding_is_a_line_that_editors_understand() {
        let mut findings = Findings::default();
        findings.error_at(Path::new("web/run"), 1, "no #! line");
        findings.warning(Path::new("web/do\nwn"), "odd");
        assert_eq!(findings.text(), "web/run:1: error: no #! line\nweb/do?wn: warning: odd\n");
        assert_eq!(findings.count(Severity::Error), 1);
        assert_eq!(
            findings.json(),
            "{\"version\":1,\"errors\":1,\"warnings\":1,\"findings\":[\n\
             {\"file\":\"web/run\",\"line\":1,\"severity\":\"error\",\"text\":\"no #! line\"},\n\
             {\"file\":\"web/do\\u000awn\",\"line\":null,\"severity\":\"warning\",\"text\":\"odd\"}\n]}\n"
        );
    }
}
