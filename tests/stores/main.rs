//! Every store on a real server: the conformance suite, and what it cannot know.

mod postgres;
