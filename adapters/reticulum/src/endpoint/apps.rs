//! Registering destinations, hearing apps, and broadcast channels.

use super::*;
use crate::broadcast::{BroadcastError, Channel};
use crate::destination::{BoundError, DestinationConfig, within};
use crate::strangers::Sharer;

impl Endpoint {
    /// Serves a destination of our identity: answers path requests and link requests for it, and
    /// hears the announces of its app. Registering the same name again replaces its settings.
    ///
    /// Each destination has a share of its own of what strangers may ask for, so that a flood at
    /// one leaves the others what is theirs.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`APPS`](limits::APPS), and nothing changed.
    pub fn register(&mut self, config: DestinationConfig) -> Result<DestinationHash, BoundError> {
        let name = config.name();
        let hash = self.destinations.register(self.identity(), config)?;
        self.paths.register(hash);
        self.forget_strangers(Sharer::App(name));
        Ok(hash)
    }

    /// Serves and hears an app no more. Its established links stay; half-open ones are dropped.
    pub fn unregister(&mut self, name: NameHash) {
        let Some(app) = self.destinations.remove(name) else { return };
        self.forget_strangers(Sharer::App(name));
        if let Some(own) = app.own {
            self.paths.deregister(own.hash);
        }
        let is_half_open = |link: &Link| matches!(link, Link::Proven(link) if link.on == name);
        let half_open = self.links.iter().filter(|(_, link)| is_half_open(link));
        for handle in half_open.map(|(handle, _)| *handle).collect::<Vec<_>>() {
            self.remove_link(handle);
        }
    }

    /// Tells whether a destination of ours has this name.
    #[must_use]
    pub fn serves(&self, name: NameHash) -> bool {
        self.destinations.get(name).is_some_and(|app| app.own.is_some())
    }

    /// Changes what announces and path responses of a destination of ours carry, from the next one
    /// on. Nothing changes where no destination has this name.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`APP_DATA`](limits::APP_DATA) bytes, and nothing changed.
    pub fn set_app_data(
        &mut self,
        name: NameHash,
        app_data: Option<&[u8]>,
    ) -> Result<(), BoundError> {
        let bytes = app_data.map_or(0, <[u8]>::len);
        within("bytes of app data", bytes, (0, limits::APP_DATA))?;
        if let Some(own) = self.destinations.get_mut(name).and_then(|app| app.own.as_mut()) {
            own.app_data = app_data.map(<[u8]>::to_vec);
        }
        Ok(())
    }

    /// Hears the announces of an app that is not served here, as
    /// [`Event::Announced`]. Harmless for one that is.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`APPS`](limits::APPS), and nothing changed.
    pub fn hear(&mut self, name: NameHash) -> Result<(), BoundError> {
        self.destinations.hear(name)
    }

    /// Listens to a broadcast channel, and may send on it. Joining it again replaces its key.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`CHANNELS`](limits::CHANNELS), and nothing changed.
    pub fn join(&mut self, channel: Channel) -> Result<DestinationHash, BoundError> {
        self.channels.join(channel)
    }

    /// Leaves a broadcast channel.
    pub fn leave(&mut self, channel: DestinationHash) {
        self.channels.leave(channel);
        self.forget_strangers(Sharer::Channel(channel));
    }

    /// Sends a packet on a broadcast channel, on every interface that is up and has room. Returns
    /// how many these are. A broadcast is not acknowledged.
    ///
    /// *Bounds*: `data` has at most [`PLAIN_MDU`](limits::PLAIN_MDU) or
    /// [`GROUP_MDU`](limits::GROUP_MDU) bytes. Media waits as it does on links; a signal that finds
    /// an interface's [`SIGNAL_QUEUE`](limits::SIGNAL_QUEUE) full is dropped there and counted.
    ///
    /// # Errors
    /// [`BroadcastError`], and nothing was sent.
    pub fn broadcast(
        &mut self,
        now: Instant,
        channel: DestinationHash,
        class: Class,
        data: &[u8],
    ) -> Result<usize, BroadcastError> {
        let joined = self.channels.get_mut(channel).ok_or(BroadcastError::Unknown)?;
        let packet = joined.seal(data, &mut *self.rng)?;
        let mut interfaces = 0;
        for interface in self.interfaces.values_mut() {
            let packet = Outbound::Whole(packet.clone());
            match class {
                Class::Media => interface.queue.push_media(now, packet, &mut self.counters),
                Class::Signal if interface.queue.has_signal_room() => {
                    interface.queue.push_control(packet, &mut self.counters);
                }
                Class::Signal => {
                    self.counters.drop(DropReason::SignalRefused);
                    continue;
                }
            }
            interfaces += 1;
        }
        Ok(interfaces)
    }

    /// Counts an event that was dropped.
    pub(crate) fn count_overflow(&mut self) {
        self.counters.drop(DropReason::EventOverflow);
    }

    fn forget_strangers(&mut self, of: Sharer) {
        self.interfaces.values_mut().for_each(|interface| interface.forget_strangers(of));
    }
}
