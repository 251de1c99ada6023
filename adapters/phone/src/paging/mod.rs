//! Paging over the broadcast channel `lxst.page` of a phone's endpoint.
//!
//! [`lxst_rooms::Pager`] says what a page is. Here it is a task that drives this value: it seals
//! what a radio says, and gives the radio what is heard.

mod events;
mod pager;
mod request;
mod task;

pub use events::PagerEvents;
pub use pager::{Pager, PagerBuilder};
pub use request::PagingError;
