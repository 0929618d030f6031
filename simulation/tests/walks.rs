//! Schedules by chance, as many as there is time for: `SIMULATE_SECONDS`, 3 unless it says otherwise.
//! `SEED` plays one of them again. What breaks a law is made as short as it gets, and told.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use simulation::{Count, Meddle, Schedule, play, shrink, tell};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Plays the schedule of a seed.
fn walk(seed: u64) -> Count {
    let schedule = Schedule::from_seed(seed);
    play(&schedule).unwrap_or_else(|broken| {
        let short = shrink(&schedule, broken.law, Meddle::NOT);
        panic!("SEED={seed}: {broken}\n{short:?}\n{}", tell(&short, Meddle::NOT));
    })
}

#[test]
fn no_schedule_breaks_a_law() {
    if let Some(seed) = number("SEED") {
        walk(seed);
        return;
    }
    let first = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64);
    let time = Duration::from_secs(number("SIMULATE_SECONDS").unwrap_or(3));
    let start = Instant::now();
    let (mut seed, mut steps) = (first, 0);
    while start.elapsed() < time {
        steps += walk(seed).steps;
        seed = seed.wrapping_add(1);
    }
    let (count, seconds) = (seed.wrapping_sub(first), start.elapsed().as_secs_f64());
    println!(
        "{count} interleavings, {:.0} a second; {steps} steps, {:.0} a second; seeds from {first}",
        count as f64 / seconds,
        steps as f64 / seconds,
    );
}
