//! Servers of rooms and their clients on phones.

mod joining;
mod member;
mod talking;
