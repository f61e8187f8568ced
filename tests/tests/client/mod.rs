//! idem's client against idem's server.

mod seam;
mod travel;
