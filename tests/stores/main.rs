//! Every store on a real server: the conformance suite, and what it cannot know.
//!
//! The servers are private ones that `idem-testing` starts, or those that the environment names.

mod faults;
mod frozen;
mod liveness;
mod load;
mod mysql;
mod postgres;
mod redis;
mod round_trips;
mod servers;
mod storm;
mod support;
mod unnamed;
mod unpolled;
