//! Listening to a supervisor's notices, as the contract of a fifodir has it.

use std::cell::RefCell;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use unix::Stamp;

/// A listener: a FIFO of its own in `event/`, and the letters that came.
#[derive(Debug)]
pub struct Listener {
    fifo: PathBuf,
    file: RefCell<File>,
    heard: RefCell<Vec<u8>>,
}

impl Listener {
    /// Begins to listen. Letters sent from now on are heard.
    pub fn new(event: &Path) -> Listener {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let stamp = Stamp::from_unix(i64::from(std::process::id()), count);
        let name = format!("ftrig1:@{stamp}:{:06}", count % 1_000_000);
        assert_eq!(name.len(), 39);
        let (hidden, fifo) = (event.join(format!(".{name}")), event.join(&name));
        sys::fifo::make(&hidden, 0o622).expect("a FIFO can be made in event/");
        let file = File::from(sys::fifo::open_to_read(&hidden).expect("a FIFO can be opened"));
        std::fs::rename(&hidden, &fifo).expect("a FIFO can be renamed");
        Listener { fifo, file: RefCell::new(file), heard: RefCell::default() }
    }

    /// Everything that was heard since the last `expect`.
    pub fn heard(&self) -> String {
        let mut buffer = [0; 512];
        let mut heard = self.heard.borrow_mut();
        loop {
            match self.file.borrow_mut().read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => heard.extend(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{}: {error}", self.fifo.display()),
            }
        }
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// The same, and forgets it.
    pub fn take(&self) -> String {
        let heard = self.heard();
        self.heard.borrow_mut().clear();
        heard
    }

    /// Waits for as many letters as `letters` has, and these must be they. Letters after them stay.
    #[track_caller]
    pub fn expect(&self, letters: &str) {
        super::wait_until(&format!("notices {letters}, heard {}", self.heard()), || {
            !letters.starts_with(&self.heard()) || self.heard().len() >= letters.len()
        });
        let heard = self.heard();
        let count = heard.len().min(letters.len());
        assert_eq!(&heard[..count], letters, "all that was heard: {heard}");
        self.heard.borrow_mut().drain(..count);
    }

    /// Waits until `letter` comes, and gives everything up to it.
    #[track_caller]
    pub fn until(&self, letter: char) -> String {
        super::wait_until(&format!("notice {letter}"), || self.heard().contains(letter));
        let heard = self.heard();
        let end = heard.find(letter).expect("it came") + 1;
        self.heard.borrow_mut().drain(..end);
        heard[..end].to_owned()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.fifo);
    }
}
