//! The bounded form of the model, and the guards that it must miss.
