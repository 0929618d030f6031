//! Files of programs, whose parsers are nobody else's business, as they are.

#![allow(dead_code, unreachable_pub, reason = "a target uses a part of each")]

#[path = "../../svctl/src/logs/gunzip.rs"]
pub(crate) mod gunzip;
