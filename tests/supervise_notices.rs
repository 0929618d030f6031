//! What `supervise` tells: notices to listeners, and the record.

#![forbid(unsafe_code)]

mod kit;

use kit::{Suite, Supervisor, ours_only, suite, wait_until};
use unix::{Exit, Signal};

const TERM: Exit = Exit::Killed { signal: Signal::TERM, core: false };

const KILL: Exit = Exit::Killed { signal: Signal::KILL, core: false };

/// What a service does that says when it is ready, at once, on descriptor 3.
const READY: &str = "echo >&3; exec sleep 100000";

mod notices {
    use super::*;

    #[test]
    fn service_that_is_restarted_goes_through_down() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        supervisor.command("r");
        notices.expect("dDu");
        supervisor.command("dx");
        notices.expect("dDx");
        assert_eq!(supervisor.wait_exit(), 0);
    }

    #[test]
    fn service_that_says_so_is_ready() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(READY).file("notification-fd", "3\n");
        });
        notices.expect("suU");
        let record = supervisor.record();
        assert!(record.ready && record.wanted_up && record.is_up() && !record.paused, "{record:?}");
        assert!(record.ready_since >= record.since);
        supervisor.command("r");
        notices.expect("dDuU");
        supervisor.command("dx");
        notices.expect("dDx");
    }

    #[test]
    fn service_is_ready_at_its_newline_and_not_before() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("while [ ! -e go ]; do sleep 0.01; done; echo ready >&3; exec sleep 100000")
                .file("notification-fd", "3\n");
        });
        notices.expect("su");
        assert!(!supervisor.record().ready);
        supervisor.file("go", "");
        notices.expect("U");
        assert!(supervisor.record().ready);
    }

    #[test]
    fn service_that_closes_its_notification_descriptor_is_never_ready() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exec 3>&-; echo x >>closed; exec sleep 100000").file("notification-fd", "3\n");
        });
        supervisor.wait_lines("closed", 1);
        supervisor.command("dx");
        notices.expect("sudDx");
    }

    #[test]
    fn newline_of_a_service_that_dies_at_once_is_not_lost() {
        let (_supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("echo >&3; exit 0").file("notification-fd", "3\n").file("max-restarts", "1 1\n");
        });
        notices.expect("suUdDuUdD");
    }

    #[test]
    fn notification_without_a_newline_does_not_hold_the_supervisor_up() {
        ours_only!("s6 waits for the rest of the line and hears nothing else");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(
                "printf starting >&3; echo x >>written; while [ ! -e go ]; do sleep 0.01; done; echo >&3\n\
                     exec sleep 100000",
            )
            .file("notification-fd", "3\n");
        });
        supervisor.wait_lines("written", 1);
        notices.expect("su");
        supervisor.command("p");
        supervisor.wait_record("paused", |record| record.paused);
        supervisor.command("c");
        supervisor.file("go", "");
        notices.expect("U");
        supervisor.command("dx");
        notices.expect("dDx");
    }

    #[test]
    fn flood_on_the_notification_descriptor_does_not_hold_the_supervisor_up() {
        ours_only!("s6 reads without end");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exec cat /dev/zero >&3").file("notification-fd", "3\n");
        });
        notices.expect("su");
        supervisor.command("dx");
        notices.expect("dDx");
    }

    #[test]
    fn every_notice_is_true_in_the_record_by_the_time_it_is_heard() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().finish("sleep 0.05");
        });
        notices.expect("s");
        for _ in 0..10 {
            notices.expect("u");
            assert!(supervisor.record().is_up());
            supervisor.command("d");
            notices.expect("d");
            assert!(!supervisor.record().is_up());
            notices.expect("D");
            let record = supervisor.record();
            assert!(record.pid.is_none() && record.ready, "{record:?}");
            supervisor.command("u");
        }
    }

    #[test]
    fn all_who_listen_hear_and_who_has_gone_is_cleared_away() {
        let (supervisor, first) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        let second = supervisor.listen();
        // A FIFO that nobody reads, left behind by a listener that was killed.
        let gone = supervisor.path("event/ftrig1:@4000000000000000000000ff:000000");
        sys::fifo::make(&gone, 0o622).unwrap();
        first.expect("su");
        supervisor.command("dx");
        first.expect("dDx");
        wait_until("the second's notices", || second.heard().ends_with("dDx"));
        assert!(!gone.exists());
    }

    #[test]
    fn listener_that_never_reads_holds_nobody_up() {
        let (supervisor, deaf) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").file("restart-delay", "1\n").file("notification-fd", "3\n");
        });
        let path = std::fs::read_dir(supervisor.path("event")).unwrap().next().unwrap().unwrap().path();
        let full = sys::fifo::open_to_write(&path).unwrap();
        while let Ok(()) = sys::file::write_all(&full, &[b'z'; 512]) {}
        let notices = supervisor.listen();
        notices.until('u');
        notices.until('D');
        supervisor.command("dx");
        assert!(notices.until('x').ends_with('x'));
        drop(deaf);
    }
}

mod records {
    use super::*;

    #[test]
    fn record_before_the_first_start_is_these_bytes() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("down", "");
        });
        notices.expect("s");
        let bytes = std::fs::read(supervisor.path("supervise/status")).unwrap();
        assert_eq!(bytes.len(), 35);
        assert_eq!(bytes[..12], bytes[12..24], "both stamps are of the start");
        assert_eq!(bytes[..4], [0x40, 0, 0, 0], "a TAI64 label of our century");
        assert_eq!(bytes[24..34], [0; 10], "no pid, no exit");
        match suite() {
            Suite::Ours => assert_eq!(bytes[34] & 7, 1, "paused: nothing was done yet"),
            Suite::S6 => assert_eq!(bytes[34], 8, "ready to be started"),
        }
    }

    #[test]
    fn record_of_a_service_that_will_be_started_says_wanted_up() {
        let supervisor = Supervisor::start(|web| {
            web.file("run", "");
        });
        let record = supervisor.wait_record("wanted up", |record| record.wanted_up);
        assert!(record.pid.is_none() && !record.finishing, "{record:?}");
    }

    #[test]
    fn record_tells_how_the_last_run_ended() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        let up = supervisor.record();
        assert_eq!(up.last_exit, Exit::Code(0));
        supervisor.command("k");
        notices.expect("dDu");
        let again = supervisor.record();
        assert_eq!(again.last_exit, KILL);
        assert!(again.since > up.since);
        assert!(!again.ready);
        supervisor.command("d");
        notices.expect("dD");
        let down = supervisor.record();
        assert_eq!((down.last_exit, down.pid, down.wanted_up), (TERM, None, false));
        assert!(down.ready && !down.finishing && down.ready_since >= down.since, "{down:?}");
    }

    #[test]
    fn record_stays_when_the_supervisor_has_gone() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 7").finish("exit 125");
        });
        notices.expect("sudOD");
        supervisor.command("x");
        notices.expect("x");
        assert_eq!(supervisor.wait_exit(), 0);
        assert_eq!(supervisor.record().last_exit, Exit::Code(7));
        assert!(!supervisor.is_supervised());
    }

    #[test]
    fn deaths_are_remembered_in_order() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("echo x >>starts; exec sleep 100000");
        });
        notices.expect("su");
        for (command, letters) in [("t", "dDu"), ("k", "dDu"), ("1", "dDu")] {
            supervisor.command(command);
            notices.expect(letters);
        }
        let deaths = supervisor.deaths();
        let signals: Vec<_> = deaths.iter().map(|death| death.exit.signal()).collect();
        assert_eq!(signals, [Some(Signal::TERM), Some(Signal::KILL), Some(Signal::USR1)]);
        assert!(deaths.is_sorted_by(|a, b| a.at < b.at));
        let bytes = std::fs::read(supervisor.path("supervise/death_tally")).unwrap();
        assert_eq!(bytes.len(), 3 * 14);
        assert_eq!(bytes[12..14], [143, 15]);
    }

    #[test]
    fn exit_code_is_remembered_without_a_signal() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 9");
        });
        notices.expect("sudD");
        let bytes = std::fs::read(supervisor.path("supervise/death_tally")).unwrap();
        assert_eq!(bytes[12..14], [9, 0]);
    }

    #[test]
    fn only_so_many_deaths_are_remembered() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("max-death-tally", "2\n");
        });
        notices.expect("su");
        for command in ["t", "k", "1"] {
            supervisor.command(command);
            notices.expect("dDu");
        }
        let signals: Vec<_> = supervisor.deaths().iter().map(|death| death.exit.signal()).collect();
        assert_eq!(signals, [Some(Signal::KILL), Some(Signal::USR1)]);
    }

    #[test]
    fn deaths_are_forgotten_when_a_supervisor_starts() {
        let (mut supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        supervisor.command("dx");
        notices.expect("dDx");
        supervisor.wait_exit();
        assert_eq!(supervisor.deaths().len(), 1);
        supervisor.start_again();
        notices.expect("su");
        assert_eq!(supervisor.deaths().len(), 0);
    }
}
