//! What the counts of an open device tell.

use core::time::Duration;

use crate::device::{Device, Direction};
use crate::event::Event;

/// Watches the counts of one open device.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    is_silent: bool,
    /// When the count of moments began, and what it was.
    began: Option<(Duration, u64)>,
    is_rate_told: bool,
}

/// What was counted up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) moments: u64,
    /// Moments of zeros up to now.
    pub(crate) zeros: u64,
    /// Since the last look.
    pub(crate) xruns: u64,
}

impl Watch {
    pub(crate) fn look(&mut self, now: Duration, device: &Device, counts: Counts) -> Vec<Event> {
        let mut events = Vec::new();
        if counts.xruns > 0 {
            events.push(Event::Xruns { count: counts.xruns });
        }
        if device.direction == Direction::Input {
            events.extend(self.silence(device, counts.zeros));
        }
        events.extend(self.rate(now, device, counts));
        events
    }

    fn silence(&mut self, device: &Device, zeros: u64) -> Option<Event> {
        let rate = u64::from(device.format.rate_hz).max(1);
        let lasted = Duration::from_millis(zeros * 1_000 / rate);
        let was_silent = self.is_silent;
        self.is_silent = lasted >= if was_silent { Duration::from_millis(1) } else { SILENCE };
        match (was_silent, self.is_silent) {
            (false, true) => Some(Event::Silent { lasted }),
            (true, false) => Some(Event::Heard),
            _ => None,
        }
    }

    /// A device may start late and stand still; a rate is wrong where it is wrong for long.
    fn rate(&mut self, now: Duration, device: &Device, counts: Counts) -> Option<Event> {
        if self.is_rate_told || counts.moments == 0 {
            return None;
        }
        let Some((began, first)) = self.began.filter(|_| counts.xruns == 0) else {
            self.began = Some((now, counts.moments));
            return None;
        };
        let lasted = now.saturating_sub(began);
        if lasted < RATE_TIME {
            return None;
        }
        let moments = (counts.moments - first) as f64;
        let (told_hz, measured) = (device.format.rate_hz, moments / lasted.as_secs_f64());
        self.is_rate_told = (measured / f64::from(told_hz) - 1.0).abs() > RATE_TOLERANCE;
        self.began = Some((now, counts.moments));
        // A rate is far below u32::MAX.
        self.is_rate_told.then_some(Event::WrongRate { told_hz, measured_hz: measured as u32 })
    }
}

/// Zeros of a microphone that are no pause between words: no room is that quiet.
const SILENCE: Duration = Duration::from_millis(1_500);
/// Long enough for blocks and for a machine that is late.
const RATE_TIME: Duration = Duration::from_secs(10);
/// Clocks of sound cards differ by 0.1 % at most.
const RATE_TOLERANCE: f64 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::tests::device;

    #[test]
    fn digital_silence_is_told_once_and_its_end_too() {
        let microphone = device(Direction::Input, "usb", "Headset");
        let mut watch = Watch::default();
        let mut look = |zeros| {
            let counts = Counts { zeros, ..Counts::default() };
            watch.look(Duration::ZERO, &microphone, counts)
        };
        assert_eq!(look(0), []);
        assert_eq!(look(71_999), []);
        let lasted = Duration::from_millis(1_500);
        assert_eq!(look(72_000), [Event::Silent { lasted }]);
        assert_eq!(look(96_000), []);
        assert_eq!(look(0), [Event::Heard]);
        assert_eq!(look(0), []);
    }

    #[test]
    fn a_speaker_may_play_silence() {
        let speaker = device(Direction::Output, "usb", "Headset");
        let counts = Counts { zeros: 1_000_000, ..Counts::default() };
        assert_eq!(Watch::default().look(Duration::ZERO, &speaker, counts), []);
    }

    #[test]
    fn a_device_that_lies_about_its_rate_is_told_of_once() {
        let microphone = device(Direction::Input, "usb", "Headset");
        for (real_hz, is_wrong) in [(48_000, false), (48_050, false), (16_000, true)] {
            let mut watch = Watch::default();
            let told: Vec<Event> = (1..60)
                .flat_map(|second| {
                    let counts = Counts { moments: second * real_hz, ..Counts::default() };
                    watch.look(Duration::from_secs(second), &microphone, counts)
                })
                .collect();
            let wrong = Event::WrongRate { told_hz: 48_000, measured_hz: 16_000 };
            assert_eq!(told, if is_wrong { vec![wrong] } else { vec![] });
        }
    }

    #[test]
    fn blocks_that_were_lost_are_told_with_their_number_and_excuse_a_rate() {
        let microphone = device(Direction::Input, "usb", "Headset");
        let mut watch = Watch::default();
        for second in 1..60 {
            let counts = Counts { moments: second * 24_000, xruns: 3, zeros: 0 };
            let told = watch.look(Duration::from_secs(second), &microphone, counts);
            assert_eq!(told, [Event::Xruns { count: 3 }]);
        }
    }
}
