//! Several processes on one store, and processes that die.

mod crash;
mod encrypted;
mod hang_up;
mod keeper;
mod ledger;
mod outage;
mod restart;
mod shutdown;
mod start;
mod stopped;
mod storm;
mod twins;
