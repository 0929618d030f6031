//! A storm over a tree of fifty services: commands, deaths, changes of the directory, kill -9 of our own processes,
//! exhaustion; and an observer who does not believe a word.
//!
//! `SEED` plays a seed again, `CHAOS_SECONDS` says for how long, `CHAOS_PLAN=FILE` plays what a shrinker has left, and
//! `SUITE=s6|runit` plays it to others and counts. See docs/chaos.md.

#![forbid(unsafe_code)]

#[path = "../kit/mod.rs"]
mod kit;

mod checker;
mod checks;
mod expect;
mod fleet;
mod history;
mod look;
mod observer;
mod order;
mod plan;
mod player;
mod processes;
mod quiet;
mod shrink;
mod stage;
mod step;
mod storm;
mod story;
mod suite;

use order::Order;

#[test]
fn storm_is_weathered() {
    let Some(order) = Order::asked() else {
        println!("a storm over another suite is played by make chaos only");
        return;
    };
    storm::weather(&order);
}
