//! Signals that come when nobody thinks of them.

#![forbid(unsafe_code)]

mod kit;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kit::{Namespace, Scratch, Service, Supervisor, Tree, ours_only};
use unix::{Exit, Signal};

/// Ends by KILL only.
const STUBBORN: &str = "trap '' TERM; echo x >>started; while :; do sleep 100000 >/dev/null & wait; done";

mod signals {
    use super::*;

    #[test]
    fn supervisor_whose_messages_nobody_reads_still_obeys() {
        ours_only!("s6 waits for the reader");
        let full = "pipe(my $r, my $w); $w->blocking(0); 1 while syswrite $w, 'x' x 4096; $w->blocking(1);\n\
                    fcntl($r, F_SETFD, 0); open STDERR, '>&', $w; exec @ARGV";
        let shell = format!("exec perl -MFcntl -MIO::Handle -e '{}' \"$@\"", full.replace('\'', "'\\''"));
        let mut notices = None;
        let supervisor = Supervisor::start_by(&shell, |web| notices = Some(web.listen()));
        // There is no run, which it would say.
        notices.unwrap().expect("s");
        supervisor.signal(Signal::TERM);
        assert_eq!(supervisor.wait_exit(), 0);
    }

    #[test]
    fn commands_without_end_do_not_postpone_the_kill() {
        ours_only!("what s6 does then is not asked");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(STUBBORN).file("timeout-kill", "200\n");
        });
        supervisor.wait_lines("started", 1);
        notices.expect("su");
        let over = AtomicBool::new(false);
        let killed = std::thread::scope(|scope| {
            for _ in 0..2 {
                // Signals that it ignores, faster than they can be read.
                let babble = "y".repeat(512);
                scope.spawn(|| {
                    let babble = babble;
                    while !over.load(Ordering::Relaxed) {
                        let _ = supervisor.try_command(&babble);
                    }
                });
            }
            let begin = Instant::now();
            let mut told = false;
            while notices.heard() != "dD" && begin.elapsed() < kit::PATIENCE {
                told = told || supervisor.try_command("d").is_ok();
                std::thread::sleep(Duration::from_millis(2));
            }
            over.store(true, Ordering::Relaxed);
            begin.elapsed() < kit::PATIENCE
        });
        assert!(killed);
        assert_eq!(supervisor.deaths()[0].exit, Exit::Killed { signal: Signal::KILL, core: false });
    }

    #[test]
    fn signal_right_after_the_start_does_not_kill_a_supervisor() {
        ours_only!("what s6 does then is not asked");
        let scratch = Scratch::new();
        let web = Service::at(scratch.path().join("web"));
        web.sleeps().file("down", "");
        // As soon as the supervisor has made the first thing it makes.
        let script = "chdir shift; for my $round (1..60) {\n\
                      system 'rm', '-rf', 'web/supervise', 'web/event';\n\
                      my $pid = fork; if (!$pid) { exec @ARGV; exit 99 }\n\
                      1 until -e 'web/event';\n\
                      kill $round % 2 ? 'TERM' : 'HUP', $pid;\n\
                      waitpid $pid, 0; print \"$?\\n\"; }";
        let supervise = kit::program("supervise");
        let scratch_path = scratch.path().to_str().unwrap();
        let command = ["perl", "-e", script, scratch_path, supervise.to_str().unwrap(), "web"];
        let mut namespace = Namespace::start(&command.map(AsRef::as_ref), &scratch.path().join("messages"));
        assert_eq!(namespace.wait_exit(), 0);
        assert_eq!(namespace.log(), "0\n".repeat(60));
    }

    #[test]
    fn stop_that_comes_before_supervisors_have_begun_kills_none_of_them() {
        ours_only!("what s6 does then is not asked");
        let services = || (0..30).map(|i| format!("web{i:02}"));
        let mut tree = Tree::launch(|scan| {
            services().for_each(|name| {
                scan.service(&name).sleeps();
            });
            // The order to stop waits for the scanner.
            let pending = "my $set = POSIX::SigSet->new(SIGTERM); sigprocmask(SIG_BLOCK, $set);\n\
                           kill TERM => $$; exec @ARGV";
            scan.before(&format!("set -- perl -MPOSIX -e '{pending}' \"$@\""));
        });
        assert_eq!(tree.wait_exit(), 0, "{}", tree.messages());
        let killed: Vec<_> =
            services().filter(|name| !tree.service(name).path("supervise/status").exists()).collect();
        assert!(killed.is_empty(), "{killed:?}");
    }

    #[test]
    fn real_time_signals_are_nothing_to_a_supervisor() {
        ours_only!("they end s6's");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        let pid = supervisor.pid().to_string();
        let answer = supervisor.namespace().inside(&["perl", "-e", "kill $_, $ARGV[0] for 32..64", &pid]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        supervisor.command("d");
        notices.expect("dD");
        supervisor.signal(Signal::TERM);
        assert_eq!(supervisor.wait_exit(), 0);
    }
}
