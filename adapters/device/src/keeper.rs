//! Which device a line holds: a state machine without a clock and without devices.

use core::time::Duration;

use crate::choice::{Choice, Reason, Wish, choose};
use crate::device::{Device, Direction};
use crate::event::Event;
use crate::system::DeviceError;

/// Holds the device that [`choose`] names among those that are there and open.
#[derive(Debug)]
pub(crate) struct Keeper {
    direction: Direction,
    wish: Wish,
    held: Option<Device>,
    /// Devices that did not open, until they are tried again.
    refused: Vec<Refused>,
    is_missing: bool,
}

#[derive(Debug)]
struct Refused {
    id: String,
    until: Duration,
    pause: Duration,
}

/// What the owner of a [`Keeper`] does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Close,
    /// Opens a device, and says how that went by [`Keeper::opened`] or [`Keeper::failed`].
    Open(Device, Reason),
    Tell(Event),
}

impl Keeper {
    pub(crate) const fn new(direction: Direction, wish: Wish) -> Self {
        Self { direction, wish, held: None, refused: Vec::new(), is_missing: false }
    }

    pub(crate) fn wish(&mut self, wish: Wish) {
        self.wish = wish;
    }

    /// Compares what is held with what there is. `now` is any clock that does not go back.
    pub(crate) fn look(&mut self, now: Duration, devices: &[Device]) -> Vec<Step> {
        let mut steps = Vec::new();
        let direction = self.direction;
        let is_there = |id: &str| {
            devices.iter().any(|device| device.direction == direction && device.id == id)
        };
        if let Some(gone) = self.held.take_if(|held| !is_there(&held.id)) {
            steps.extend([Step::Close, Step::Tell(Event::Gone { device: gone })]);
        }
        self.refused.retain(|refused| is_there(&refused.id));
        let is_refused = |device: &&Device| {
            self.refused.iter().any(|refused| refused.id == device.id && refused.until > now)
        };
        let able: Vec<Device> =
            devices.iter().filter(|device| !is_refused(device)).cloned().collect();
        match choose(&able, self.direction, &self.wish) {
            Some(Choice { device, reason }) => {
                let is_held = self
                    .held
                    .as_ref()
                    .is_some_and(|held| (&held.id, held.format) == (&device.id, device.format));
                if !is_held {
                    if self.held.take().is_some() {
                        steps.push(Step::Close);
                    }
                    steps.push(Step::Open(device.clone(), reason));
                }
            }
            None => {
                let is_new = !self.is_missing && self.refused.is_empty();
                if is_new {
                    self.is_missing = true;
                    steps.push(Step::Tell(Event::Missing { direction: self.direction }));
                }
            }
        }
        steps
    }

    /// A device was opened.
    pub(crate) fn opened(&mut self, device: Device, reason: Reason) -> Event {
        self.is_missing = false;
        self.held = Some(device.clone());
        Event::Taken { device, reason }
    }

    /// A device did not open, or the stream of the held one broke and is closed.
    pub(crate) fn failed(&mut self, now: Duration, device: Device, error: DeviceError) -> Event {
        self.held.take_if(|held| held.id == device.id);
        match self.refused.iter_mut().find(|refused| refused.id == device.id) {
            Some(refused) => {
                // One that worked for a while begins anew.
                let lasted = now.saturating_sub(refused.until);
                let again = (refused.pause * 2).min(MOST_PAUSE);
                refused.pause = if lasted > MOST_PAUSE { FIRST_PAUSE } else { again };
                refused.until = now + refused.pause;
            }
            None => {
                let (id, pause) = (device.id.clone(), FIRST_PAUSE);
                self.refused.push(Refused { id, until: now + pause, pause });
            }
        }
        Event::Failed { device, error }
    }

    pub(crate) const fn held(&self) -> Option<&Device> {
        self.held.as_ref()
    }
}

/// How long a device that failed is left alone: doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_PAUSE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::tests::device;

    const NOW: Duration = Duration::from_secs(100);
    const SECOND: Duration = Duration::from_secs(1);

    fn built_in() -> Device {
        Device { is_default: true, ..device(Direction::Output, "pci", "Built-in Audio") }
    }

    fn headset() -> Device {
        device(Direction::Output, "usb", "Headset")
    }

    /// A keeper that holds what it wants among these.
    fn holding(wish: &str, devices: &[Device]) -> Keeper {
        let mut keeper = Keeper::new(Direction::Output, Wish::named(wish));
        match &keeper.look(NOW, devices)[..] {
            [Step::Open(device, reason)] => keeper.opened(device.clone(), *reason),
            other => panic!("{other:?}"),
        };
        keeper
    }

    #[test]
    fn a_device_that_goes_is_replaced_and_taken_again_when_it_is_back() {
        let mut keeper = holding("headset", &[built_in(), headset()]);
        assert_eq!(keeper.look(NOW, &[built_in(), headset()]), []);
        let steps = keeper.look(NOW, &[built_in()]);
        let gone = Step::Tell(Event::Gone { device: headset() });
        assert_eq!(steps, [Step::Close, gone, Step::Open(built_in(), Reason::Fallback)]);
        keeper.opened(built_in(), Reason::Fallback);
        assert_eq!(keeper.look(NOW, &[built_in()]), []);
        let steps = keeper.look(NOW, &[built_in(), headset()]);
        assert_eq!(steps, [Step::Close, Step::Open(headset(), Reason::Name)]);
    }

    #[test]
    fn whoever_wants_the_default_follows_it() {
        let mut keeper = holding("", &[built_in(), headset()]);
        let now_default = Device { is_default: true, ..headset() };
        let was_default = Device { is_default: false, ..built_in() };
        let steps = keeper.look(NOW, &[was_default, now_default.clone()]);
        assert_eq!(steps, [Step::Close, Step::Open(now_default, Reason::Default)]);
    }

    #[test]
    fn a_device_that_does_not_open_is_left_alone_longer_each_time() {
        let mut keeper = Keeper::new(Direction::Output, Wish::named("headset"));
        let devices = [built_in(), headset()];
        let mut now = NOW;
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            let steps = keeper.look(now, &devices);
            assert_eq!(steps.last(), Some(&Step::Open(headset(), Reason::Name)), "{now:?}");
            keeper.failed(now, headset(), DeviceError::Busy);
            // The default meanwhile.
            if let Some(Step::Open(device, reason)) = keeper.look(now, &devices).pop() {
                assert_eq!((&device, reason), (&built_in(), Reason::Fallback));
                keeper.opened(device, reason);
            }
            now += pause * SECOND - Duration::from_millis(1);
            assert_eq!(keeper.look(now, &devices), []);
            now += Duration::from_millis(1);
        }
    }

    #[test]
    fn no_device_is_told_once_and_found_later() {
        let mut keeper = Keeper::new(Direction::Output, Wish::Default);
        let missing = Step::Tell(Event::Missing { direction: Direction::Output });
        assert_eq!(keeper.look(NOW, &[]), [missing]);
        assert_eq!(keeper.look(NOW + SECOND, &[]), []);
        let steps = keeper.look(NOW + 2 * SECOND, &[built_in()]);
        assert_eq!(steps, [Step::Open(built_in(), Reason::Default)]);
    }

    #[test]
    fn a_device_that_changes_its_format_is_opened_anew() {
        let mut keeper = holding("", &[built_in()]);
        let mut other = built_in();
        other.format.rate_hz = 44_100;
        let steps = keeper.look(NOW, &[other.clone()]);
        assert_eq!(steps, [Step::Close, Step::Open(other, Reason::Default)]);
    }

    #[test]
    fn a_wish_may_change_while_a_device_is_held() {
        let mut keeper = holding("", &[built_in(), headset()]);
        keeper.wish(Wish::named("usb"));
        let steps = keeper.look(NOW, &[built_in(), headset()]);
        assert_eq!(steps, [Step::Close, Step::Open(headset(), Reason::Id)]);
    }
}
