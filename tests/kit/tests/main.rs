//! Private servers, the fault proxy, and processes under a fault.

mod faults;
mod proxy;
mod servers;
mod support;
