//! A quiet point: nothing does harm any more, everything settles, and what is so then is recorded.

use std::time::{Duration, Instant};

use crate::expect::{Beliefs, Want, judge};
use crate::fleet::Member;
use crate::history::{Event, Holder, Quiet, Rest};
use crate::look::{Process, Role};
use crate::player::Player;
use crate::suite::Suite;

/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(40);

/// A dead process that is there for so long is one that nobody collects.
const BURIAL: Duration = Duration::from_secs(1);

/// How long a service may take to be what it is wanted to be.
pub fn bound(member: &Member, want: Want, suite: Suite) -> Duration {
    // runsvdir looks every five seconds.
    let looks = if suite == Suite::Runit { Duration::from_secs(5) } else { Duration::ZERO };
    looks + if want == Want::Down { member.kind.bound_down() } else { member.kind.bound_up() }
}

/// Heals, lets it settle, and records what is so then.
pub fn quiet(player: &mut Player) {
    player.heal();
    let mut beliefs = Beliefs::new(&player.eyes.members, player.eyes.suite);
    player.record.all().iter().for_each(|entry| beliefs.take(entry));
    let quiet = settle(player, &beliefs);
    player.record.add(Event::Quiet(quiet));
}

/// Looks until everything is at rest as it ought to be, or until its time is over.
fn settle(player: &mut Player, beliefs: &Beliefs) -> Quiet {
    let (members, suite) = (player.eyes.members.clone(), player.eyes.suite);
    let bounds: Vec<Duration> = members
        .iter()
        .enumerate()
        .map(|(service, member)| bound(member, beliefs.want(service), suite))
        .collect();
    let longest = bounds.iter().max().copied().unwrap_or_default();
    let (begin, healed) = (Instant::now(), sys::clock::monotonic());
    let mut settled: Vec<Option<Duration>> = vec![None; members.len()];
    loop {
        let mut quiet = look(player, healed);
        for (service, rest) in quiet.services.iter_mut().enumerate() {
            let is_right = judge(rest, beliefs.want(service), &members[service], suite).is_ok();
            settled[service] = if is_right { settled[service].or(Some(begin.elapsed())) } else { None };
            rest.settled = settled[service];
        }
        let is_over = begin.elapsed() > longest;
        if is_over || (quiet.scanner_listens && settled.iter().all(Option::is_some)) {
            quiet.zombies = zombies(player);
            return quiet;
        }
        std::thread::sleep(PAUSE);
    }
}

/// What is so now.
fn look(player: &Player, healed: Duration) -> Quiet {
    let processes = player.eyes.look();
    let started = player.record.started_since(healed);
    let pids = |role: Role| -> Vec<i32> {
        processes.iter().filter(|process| process.role == role).map(|process| process.pid).collect()
    };
    let holders =
        |role: Role| -> Vec<Holder> { pids(role).into_iter().map(|pid| player.eyes.holder(pid)).collect() };
    let services = player.eyes.members.iter().enumerate().map(|(service, member)| {
        let dir = player.stage.service(&member.name);
        Rest {
            settled: None,
            instances: pids(Role::Run(service)),
            scripts: pids(Role::Script(service)),
            supervisors: holders(Role::Supervisor(player.eyes.supervised_by(service))),
            state: player.stage.suite.state(&dir),
            listens: listens(&dir.join("supervise/control")),
            started: started.contains(&service),
        }
    });
    let services = services.collect();
    let control = player.stage.suite.scanner_control(&player.stage.scan());
    let scanner = holders(Role::Scanner).first().copied();
    let scanner_listens = control.map_or(scanner.is_some(), |control| listens(&control));
    Quiet { services, scanner, scanner_listens, zombies: Vec::new() }
}

/// Somebody reads this FIFO.
fn listens(control: &std::path::Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let is_fifo = std::fs::metadata(control).is_ok_and(|info| info.file_type().is_fifo());
    is_fifo && sys::fifo::open_to_write(control).is_ok()
}

/// The dead that stay. Of the hand's own children none are looked for: it collects them itself.
fn zombies(player: &Player) -> Vec<(i32, String)> {
    let dead = || -> Vec<Process> {
        player.eyes.look().into_iter().filter(|process| process.state == 'Z').collect()
    };
    let (begin, mut left) = (Instant::now(), dead());
    while !left.is_empty() && begin.elapsed() < BURIAL {
        std::thread::sleep(PAUSE);
        let now = dead();
        left.retain(|process| now.contains(process));
    }
    left.into_iter().map(|process| (process.pid, process.name)).collect()
}

/// Makes the tree of a suite that was found at fault whole again, so that a fault is counted once.
pub fn mend(player: &mut Player) {
    let members = player.eyes.members.clone();
    for (service, member) in members.iter().enumerate() {
        let dir = player.stage.service(&member.name);
        let known = player.stage.suite.state(&dir).filter(|state| state.is_up()).and_then(|state| state.pid);
        for process in player.eyes.look() {
            if process.role == Role::Run(service) && Some(process.pid) != known {
                player.signal(&process, "KILL");
            }
        }
        let control = dir.join("supervise/control");
        if !listens(&control) {
            let _ = std::fs::remove_file(&control);
            player.act(&crate::step::Step::Supervisor(member.name.clone(), "TERM"));
        }
    }
}
