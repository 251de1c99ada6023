//! The devices that are open, and what they tell.

use core::future::pending;
use std::sync::Arc;
use std::thread;

use super::held::Slot;
use super::microphone::MicrophoneEnd;
use super::speaker::SpeakerEnd;
use crate::choice::Wish;
use crate::event::{Event, Events};
use crate::line::{Line, Microphone, Speaker};

pub(super) struct Open<L> {
    line: L,
    events: Events,
}

pub(super) fn open_microphone(wish: &Wish, end: &Arc<MicrophoneEnd>) -> Open<Microphone> {
    let end = end.clone();
    let (line, events) = Microphone::open(wish.clone(), move |format| end.callback(format));
    Open { line, events }
}

pub(super) fn open_speaker(wish: &Wish, end: &Slot<SpeakerEnd>) -> Open<Speaker> {
    let end = end.clone();
    let (line, events) = Speaker::open(wish.clone(), move |format| end.callback(format));
    Open { line, events }
}

/// Wishes for another device, also where one is open.
pub(super) fn change<D>(setting: &mut Wish, open: Option<&Open<Line<D>>>, wish: Wish) {
    setting.clone_from(&wish);
    if let Some(Open { line, .. }) = open {
        line.wish(wish);
    }
}

/// Closes a device without waiting for it.
pub(super) fn close<L: Send + 'static>(open: Option<Open<L>>) {
    if let Some(Open { line, .. }) = open {
        thread::spawn(move || drop(line));
    }
}

/// Waits for what a device tells; for ever where none is open.
pub(super) async fn told<L>(open: Option<&Open<L>>) -> Event {
    match open {
        Some(Open { events, .. }) => match events.recv().await {
            Ok(event) => event,
            Err(_) => pending().await,
        },
        None => pending().await,
    }
}
