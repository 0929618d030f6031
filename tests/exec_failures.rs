//! A `run` that cannot be executed: each reason has a sentence of its own.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use kit::{Service, Supervisor, ours_only, wait_until};

mod explained {
    use super::*;

    /// What the supervisor says about a `run` that cannot be executed.
    fn said(build: impl FnOnce(&Service)) -> String {
        let supervisor = Supervisor::start(build);
        wait_until("a word about it", || supervisor.messages().ends_with('\n'));
        let messages = supervisor.messages();
        assert_eq!(messages.lines().count(), 1, "{messages}");
        assert!(supervisor.is_running());
        assert!(messages.starts_with("supervise web: warning: unable to spawn ./run: "), "{messages}");
        assert!(!messages.contains("os error"), "{messages}");
        messages
    }

    fn with_mode(web: &Service, content: &str, mode: u32) {
        web.file("run", content);
        std::fs::set_permissions(web.path("run"), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn each_reason_why_run_cannot_be_executed_is_a_sentence_of_its_own() {
        ours_only!("s6 gives the system's words");
        let cases: Vec<(&str, String)> = vec![
            ("no such file", said(|_| ())),
            ("not executable (mode 0644)", said(|web| with_mode(web, "#!/bin/sh\n", 0o644))),
            ("/no/such/shell does not exist", said(|web| with_mode(web, "#!/no/such/shell\n", 0o755))),
            ("CR LF", said(|web| with_mode(web, "#!/bin/sh\r\nexec true\r\n", 0o755))),
            ("no #! line", said(|web| with_mode(web, "exec sleep 1000\n", 0o755))),
            ("empty", said(|web| with_mode(web, "", 0o755))),
            ("another architecture", said(foreign)),
            ("not a regular file", said(|web| std::fs::create_dir(web.path("run")).unwrap())),
            ("nowhere, which does not exist", said(|web| symlink("nowhere", web.path("run")).unwrap())),
            ("circle", said(|web| symlink("run", web.path("run")).unwrap())),
        ];
        for (expected, message) in &cases {
            assert!(message.contains(expected), "{expected}: {message}");
        }
        let mut distinct: Vec<_> = cases.iter().map(|(_, message)| message).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), cases.len());
    }

    fn foreign(web: &Service) {
        let mut program = std::fs::read("/bin/true").unwrap();
        program[18] = if cfg!(target_arch = "aarch64") { 62 } else { 183 };
        web.executable("run", program);
    }

    #[test]
    fn file_system_mounted_noexec_is_named() {
        ours_only!("s6 gives the system's words");
        let mount =
            "mount -t tmpfs -o noexec,size=1m none web && printf '#!/bin/sh\\n' >web/run && chmod +x web/run";
        let supervisor = Supervisor::start_by(&format!("{mount} && exec \"$@\""), |_| ());
        wait_until("a word about it", || supervisor.messages().contains("noexec"));
    }

    #[test]
    fn message_says_when_it_is_tried_again() {
        ours_only!("s6 waits ten seconds");
        let message = said(|web| with_mode(web, "#!/bin/sh\n", 0o644));
        assert!(message.ends_with("; trying again in 1 s\n"), "{message}");
    }

    #[test]
    fn run_that_becomes_executable_starts_at_once() {
        ours_only!("s6 waits ten seconds");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            with_mode(web, "#!/bin/sh\nexec sleep 100000\n", 0o644);
            web.file("restart-delay", "600000\n");
        });
        notices.expect("s");
        wait_until("a word about it", || supervisor.messages().contains("unable to spawn"));
        std::fs::set_permissions(supervisor.path("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let start = Instant::now();
        notices.expect("u");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn run_that_is_replaced_starts_at_once() {
        ours_only!("s6 waits ten seconds");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.file("restart-delay", "600000\n");
        });
        notices.expect("s");
        wait_until("a word about it", || supervisor.messages().contains("unable to spawn"));
        supervisor.sleeps();
        notices.expect("u");
    }

    #[test]
    fn run_that_cannot_be_executed_is_tried_again_after_the_delay() {
        ours_only!("s6 waits ten seconds");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            let shell = web.path("shell");
            web.executable("run", format!("#!{}\nexec sleep 100000\n", shell.display()));
            web.file("restart-delay", "50\n");
        });
        notices.expect("s");
        wait_until("a word about it", || supervisor.messages().contains("interpreter"));
        // Nothing about run itself changes.
        symlink("/bin/sh", supervisor.path("shell")).unwrap();
        notices.expect("u");
    }
}
