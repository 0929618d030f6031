//! The shortest schedule that still breaks the same law.

use alloc::vec::Vec;

use crate::law::Law;
use crate::meddle::Meddle;
use crate::schedule::Schedule;
use crate::world::play_with;

/// Takes moves out of `schedule`, and makes them plain, as long as it still breaks `law`.
pub fn shrink(schedule: &Schedule, law: Law, meddle: Meddle) -> Schedule {
    let breaks = |schedule: &Schedule| play_with(schedule, meddle).is_err_and(|broken| broken.law == law);
    let mut best = schedule.clone();
    loop {
        let before = best.clone();
        take_out(&mut best, &breaks);
        make_plain(&mut best, &breaks);
        if best == before {
            return best;
        }
    }
}

/// Takes out runs of moves, long ones first.
fn take_out(best: &mut Schedule, breaks: &impl Fn(&Schedule) -> bool) {
    let mut length = best.moves.len();
    while length > 0 {
        let mut at = 0;
        while at < best.moves.len() {
            let mut moves: Vec<u32> = best.moves.clone();
            moves.drain(at..(at + length).min(best.moves.len()));
            let shorter = Schedule { moves, ..*best };
            if breaks(&shorter) {
                *best = shorter;
            } else {
                at += length;
            }
        }
        length /= 2;
    }
}

/// Fewer services in the beginning.
fn make_plain(best: &mut Schedule, breaks: &impl Fn(&Schedule) -> bool) {
    for beginning in 0..64.min(best.beginning) {
        let plainer = Schedule { beginning, moves: best.moves.clone() };
        if breaks(&plainer) {
            *best = plainer;
            return;
        }
    }
}
