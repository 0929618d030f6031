//! Programs that read what they are given, and end.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;

use super::wait_until;

/// What such a program made of its input.
#[derive(Clone, PartialEq, Eq)]
pub struct Filtered {
    /// Its exit code, or 128 and the signal that ended it.
    pub code: i32,
    pub out: Vec<u8>,
    pub err: Vec<u8>,
}

/// Runs a program on this input, and kills it and panics when it does not end.
#[track_caller]
pub fn filter(command: &mut Command, input: &[u8]) -> Filtered {
    filter_in_writes(command, std::iter::once(input))
}

/// The same with one write(2) for each part of the input.
#[track_caller]
pub fn filter_in_writes<'a>(command: &mut Command, writes: impl Iterator<Item = &'a [u8]>) -> Filtered {
    let shown = format!("{command:?}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
    let [out, err] = drain(&mut child);
    let mut stdin = child.stdin.take().expect("it is a pipe");
    // Who ends before he has read everything is not to blame.
    let _ = writes.into_iter().try_for_each(|part| stdin.write_all(part));
    drop(stdin);
    wait_to_end(&mut child, &shown);
    let status = child.wait().expect("a child can be waited for");
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).expect("it ended");
    let [out, err] = [out, err].map(|reader| reader.join().expect("the reader does not panic"));
    Filtered { code, out, err }
}

/// What it says is read beside it: nobody waits for a reader.
fn drain(child: &mut Child) -> [thread::JoinHandle<Vec<u8>>; 2] {
    fn all(mut from: impl std::io::Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = from.read_to_end(&mut bytes);
            bytes
        })
    }
    [all(child.stdout.take().expect("it is a pipe")), all(child.stderr.take().expect("it is a pipe"))]
}

#[track_caller]
fn wait_to_end(child: &mut Child, shown: &str) {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        wait_until(&format!("{shown} to end"), || child.try_wait().expect("it can be waited for").is_some());
    }));
    if let Err(panic) = ended {
        let _ = child.kill();
        std::panic::resume_unwind(panic);
    }
}

impl std::fmt::Debug for Filtered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [out, err] = [&self.out, &self.err].map(|bytes| bytes[..bytes.len().min(2000)].escape_ascii());
        write!(f, "exit {}\n--- out ({} bytes)\n{out}\n--- err\n{err}", self.code, self.out.len())
    }
}
