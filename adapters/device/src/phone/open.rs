//! The devices that are open, and what they tell.

use core::future::pending;
use core::sync::atomic::Ordering::Relaxed;
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

/// Closes the microphone without waiting for it, and drops what heard it for the app.
pub(super) fn close_microphone(open: Option<Open<Microphone>>, end: &Arc<MicrophoneEnd>) {
    if let Some(Open { line, .. }) = open {
        let end = end.clone();
        thread::spawn(move || {
            drop(line);
            if !end.shared.app_listens.load(Relaxed) {
                end.ear.take();
            }
        });
    }
}

/// Closes a speaker without waiting for it, and drops what it played besides the peer.
pub(super) fn close_speaker(open: Option<Open<Speaker>>, end: &Slot<SpeakerEnd>) {
    if let Some(Open { line, .. }) = open {
        let end = end.clone();
        thread::spawn(move || {
            drop(line);
            end.change(SpeakerEnd::drop_sounds);
        });
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
