//! What ought to be so, from what was done: pure, and it never looks at a record to know what is wanted, but for a service
//! of which nobody can know it any more.

use std::time::Duration;

use crate::fleet::{Kind, Member, index};
use crate::history::{Entry, Event, Rest};
use crate::step::Step;
use crate::suite::Suite;

/// What a service is wanted to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Up,
    Down,
    /// It cannot be known: a command may have died with the supervisor that had not read it, or it has failed.
    Either,
}

/// How long a supervisor may take to read a command. One that is killed sooner may have read it or not.
const READING: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
struct Belief {
    want: Want,
    /// When something was last asked of its supervisor that it may not have read.
    asked: Option<Duration>,
    /// When its supervisor was killed. What is written while that one dies is lost with it.
    killed: Option<Duration>,
    /// The supervisor is stopped: it reads nothing.
    is_stopped: bool,
    /// It was told to leave, and has not said yet that it does. The next one begins as it always does.
    is_leaving: bool,
}

/// What is wanted of every service.
#[derive(Clone, Debug)]
pub struct Beliefs {
    members: Vec<Member>,
    suite: Suite,
    beliefs: Vec<Belief>,
}

impl Beliefs {
    /// Before anything was done.
    pub fn new(members: &[Member], suite: Suite) -> Beliefs {
        let begin = |member| Belief {
            want: initial(member),
            asked: None,
            killed: None,
            is_stopped: false,
            is_leaving: false,
        };
        Beliefs { members: members.to_vec(), suite, beliefs: members.iter().map(begin).collect() }
    }

    /// What is wanted of a service now.
    pub fn want(&self, service: usize) -> Want {
        let (member, belief) = (&self.members[service], self.beliefs[service]);
        match belief.want {
            // It fails as soon as it can.
            Want::Up if member.kind == Kind::Failing => Want::Either,
            want if belief.is_leaving && want != initial(member) => Want::Either,
            want => want,
        }
    }

    /// Goes on by one entry.
    pub fn take(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Step(step, true) => self.act(step, entry.at),
            Event::Notices(service, letters, _) if letters.contains('x') => {
                let was_leaving = std::mem::take(&mut self.beliefs[*service].is_leaving);
                was_leaving.then(|| self.begin_again(*service));
            }
            Event::Healed => {
                for belief in &mut self.beliefs {
                    if belief.is_stopped {
                        (belief.is_stopped, belief.asked) = (false, belief.asked.map(|_| entry.at));
                    }
                }
            }
            Event::Quiet(quiet) => {
                for (belief, rest) in self.beliefs.iter_mut().zip(&quiet.services) {
                    belief.asked = None;
                    // One that lives and is not wanted up was started once.
                    let is_known = |wanted_up: bool| wanted_up || rest.instances.is_empty();
                    let wanted_up = rest.state.map(|state| state.wanted_up).filter(|&up| is_known(up));
                    if let Some(wanted_up) = wanted_up.filter(|_| belief.want == Want::Either) {
                        belief.want = if wanted_up { Want::Up } else { Want::Down };
                    }
                }
            }
            _ => {}
        }
    }

    fn act(&mut self, step: &Step, at: Duration) {
        let Some(service) = step.service().and_then(|name| index(&self.members, name)) else { return };
        match step {
            Step::Command(_, bytes) => {
                for byte in bytes.bytes() {
                    self.command(service, byte);
                }
                let belief = &mut self.beliefs[service];
                belief.asked = Some(at);
                if belief.killed.is_some_and(|killed| at < killed + READING) {
                    belief.want = Want::Either;
                }
            }
            Step::Supervisor(_, signal) => {
                for also in self.with_supervisor_of(service) {
                    self.signal(also, signal, at);
                }
            }
            Step::Unlink(_) | Step::Link(_) => {
                for also in self.of_directory(service) {
                    self.begin_again(also);
                    self.beliefs[also].asked = Some(at);
                    self.beliefs[also].is_leaving = true;
                }
            }
            Step::Run(_, "USR2") if self.members[service].kind == Kind::Refusing => {
                self.beliefs[service].want = Want::Either;
            }
            _ => {}
        }
    }

    fn command(&mut self, service: usize, byte: u8) {
        let is_down = self.beliefs[service].want == Want::Down;
        match byte {
            b'u' => self.beliefs[service].want = Want::Up,
            b'd' => self.beliefs[service].want = Want::Down,
            b'o' => self.beliefs[service].want = Want::Either,
            // With runit's, the service and its logger leave together.
            b'x' => {
                for also in self.with_supervisor_of(service) {
                    self.beliefs[also].is_leaving = true;
                    if is_down && also == service {
                        self.beliefs[also].want = initial(&self.members[also]);
                    } else {
                        self.begin_again(also);
                    }
                }
            }
            _ => {}
        }
    }

    fn signal(&mut self, service: usize, signal: &str, at: Duration) {
        let kind = initial(&self.members[service]);
        let belief = &mut self.beliefs[service];
        match signal {
            "KILL" => {
                let is_unread =
                    belief.asked.is_some_and(|asked| belief.is_stopped || at.saturating_sub(asked) < READING);
                if is_unread {
                    belief.want = Want::Either;
                }
                belief.is_stopped = false;
                belief.killed = Some(at);
            }
            "TERM" => {
                belief.want = kind;
                belief.asked = Some(at);
                belief.is_leaving = true;
            }
            "STOP" => belief.is_stopped = true,
            "CONT" => {
                belief.is_stopped = false;
                belief.asked = belief.asked.map(|_| at);
            }
            _ => {}
        }
    }

    /// Perhaps it keeps its state, perhaps a new supervisor begins.
    fn begin_again(&mut self, service: usize) {
        let belief = &mut self.beliefs[service];
        if belief.want != initial(&self.members[service]) {
            belief.want = Want::Either;
        }
    }

    fn with_supervisor_of(&self, service: usize) -> Vec<usize> {
        let own = self.suite.supervised_with(&self.members[service].name);
        let same = |&other: &usize| self.suite.supervised_with(&self.members[other].name) == own;
        (0..self.members.len()).filter(same).collect()
    }

    /// The service, and its logger.
    fn of_directory(&self, service: usize) -> Vec<usize> {
        let own = &self.members[service].name;
        let same = |&other: &usize| self.members[other].name.trim_end_matches("/log") == own;
        (0..self.members.len()).filter(same).collect()
    }
}

fn initial(member: &Member) -> Want {
    if member.kind == Kind::Down { Want::Down } else { Want::Up }
}

/// What is wrong with a service at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    Unsupervised,
    TwoSupervisors,
    Deaf,
    Double,
    Lost,
    Stuck,
    /// What the record says is not so.
    Lie(&'static str),
}

/// Whether a service is as it ought to be.
pub fn judge(rest: &Rest, want: Want, member: &Member, suite: Suite) -> Result<(), Wrong> {
    let hold = |is_so: bool, wrong: Wrong| if is_so { Ok(()) } else { Err(wrong) };
    let restless = matches!(member.kind, Kind::Looping | Kind::Failing);
    hold(!rest.supervisors.is_empty(), Wrong::Unsupervised)?;
    hold(rest.supervisors.len() == 1, Wrong::TwoSupervisors)?;
    hold(rest.listens, Wrong::Deaf)?;
    hold(rest.instances.len() < 2, Wrong::Double)?;
    match want {
        Want::Up if member.kind == Kind::Looping => hold(rest.started, Wrong::Lost)?,
        Want::Up => hold(rest.instances.len() == 1, Wrong::Lost)?,
        Want::Down => hold(rest.instances.is_empty() && rest.scripts.is_empty(), Wrong::Stuck)?,
        Want::Either => {}
    }
    let state = rest.state.ok_or(Wrong::Lie("there is no record"))?;
    let same = |wanted_up| state.wanted_up == wanted_up;
    match want {
        Want::Up => hold(same(true), Wrong::Lie("it is wanted up"))?,
        Want::Down => hold(same(false), Wrong::Lie("it is wanted down"))?,
        Want::Either => {}
    }
    if restless && want != Want::Down {
        return Ok(());
    }
    hold(!state.finishing && rest.scripts.is_empty(), Wrong::Lie("no script runs"))?;
    hold(state.pid == rest.instances.first().copied(), Wrong::Lie("the pid is another"))?;
    let tells = suite.tells_readiness(member) && state.is_up();
    hold(!tells || state.ready, Wrong::Lie("it is ready"))
}
