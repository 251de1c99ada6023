//! Destinations, apps whose announces are received, and broadcast channels.

use super::*;
use crate::broadcast::{BroadcastError, Channel};
use crate::destination::{BoundError, DestinationConfig, within};
use crate::strangers::Sharer;

impl Endpoint {
    /// Serves a destination of our identity: answers its path requests and link requests, and
    /// receives the announces of its app. Registering the same name again replaces its settings.
    ///
    /// Each destination has its own share for the requests of strangers, so a flood at one leaves
    /// the shares of the others.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`APPS`](limits::APPS): nothing changed.
    pub fn register(&mut self, config: DestinationConfig) -> Result<DestinationHash, BoundError> {
        let name = config.name();
        let hash = self.destinations.register(self.identity(), config)?;
        self.paths.register(hash);
        self.forget_strangers(Sharer::App(name));
        Ok(hash)
    }

    /// Stops serving an app and receiving its announces. Its established links stay; half-open ones
    /// are dropped.
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

    /// Returns whether a destination of ours has this name.
    #[must_use]
    pub fn serves(&self, name: NameHash) -> bool {
        self.destinations.get(name).is_some_and(|app| app.own.is_some())
    }

    /// Changes the app data of a destination's announces and path responses, from the next one on.
    /// Has no effect if no destination of ours has this name.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`APP_DATA`](limits::APP_DATA) bytes: nothing changed.
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

    /// Receives the announces of an app that is not served here, as [`Event::Announced`]. Has no
    /// effect for an app that is.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`APPS`](limits::APPS): nothing changed.
    pub fn hear(&mut self, name: NameHash) -> Result<(), BoundError> {
        self.destinations.hear(name)
    }

    /// Listens to a broadcast channel, and allows sending on it. Joining it again replaces its key.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`CHANNELS`](limits::CHANNELS): nothing changed.
    pub fn join(&mut self, channel: Channel) -> Result<DestinationHash, BoundError> {
        self.channels.join(channel)
    }

    /// Leaves a broadcast channel.
    pub fn leave(&mut self, channel: DestinationHash) {
        self.channels.leave(channel);
        self.forget_strangers(Sharer::Channel(channel));
    }

    /// Sends a packet on a broadcast channel, on every interface that is up and has room. Returns
    /// their number. A broadcast is not acknowledged.
    ///
    /// *Bounds*: `data` has at most [`PLAIN_MDU`](limits::PLAIN_MDU) or
    /// [`GROUP_MDU`](limits::GROUP_MDU) bytes. Media waits as on links. A signal is dropped and
    /// counted on an interface whose [`SIGNAL_QUEUE`](limits::SIGNAL_QUEUE) is full.
    ///
    /// # Errors
    /// [`BroadcastError`]: nothing was sent.
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
