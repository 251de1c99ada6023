//! The order of numbered frames: which are missing, late, or came twice.

use crate::limits::ORDER_WINDOW;
use crate::wire::Sequence;

/// The numbers that came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    /// The largest number; `None` until the first frame.
    newest: Option<Sequence>,
    /// Bit i: the number i before the newest one came.
    came: u64,
    /// The number after a far one. If it comes next, the sender counts anew.
    anew: Option<Sequence>,
}

/// Where a numbered frame belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// After the newest frame, with this many missing ones between.
    End { missing: u16 },
    /// Before the newest frame by this many numbers.
    Late { back: u16 },
    /// Nowhere: its number came before, or is far from the others.
    Nowhere,
}

impl Order {
    /// Records a number. A number that has no place begins a new count after a pause, or if it is
    /// far and follows another far one.
    pub(super) fn on_frame(&mut self, number: Sequence, is_pause: bool) -> Place {
        let Some(newest) = self.newest else { return self.begin(number) };
        let ahead = number.since(newest);
        let distance = ahead.unsigned_abs();
        let is_far = distance >= ORDER_WINDOW;
        // The bit of a number that is not far is less than 64.
        let came = !is_far && ahead <= 0 && self.came & 1 << distance != 0;
        if is_pause && (is_far || came) {
            self.begin(number)
        } else if is_far {
            let follows = self.anew.replace(number.plus(1)) == Some(number);
            if follows { self.begin(number) } else { Place::Nowhere }
        } else if came {
            Place::Nowhere
        } else {
            self.anew = None;
            self.on_near(number, ahead, distance)
        }
    }

    fn on_near(&mut self, number: Sequence, ahead: i16, distance: u16) -> Place {
        if ahead > 0 {
            (self.newest, self.came) = (Some(number), self.came << distance | 1);
            Place::End { missing: distance - 1 }
        } else {
            self.came |= 1 << distance;
            Place::Late { back: distance }
        }
    }

    fn begin(&mut self, number: Sequence) -> Place {
        // The numbers before the first one are not missing.
        *self = Self { newest: Some(number), came: u64::MAX, anew: None };
        Place::End { missing: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_in_order_go_to_the_end_also_where_the_numbers_wrap() {
        let mut order = Order::default();
        for number in 65_000..66_000_u32 {
            assert_eq!(place(&mut order, number as u16), Place::End { missing: 0 });
        }
    }

    #[test]
    fn a_gap_is_missing_and_is_filled_once() {
        let mut order = Order::default();
        place(&mut order, 65_534);
        assert_eq!(place(&mut order, 2), Place::End { missing: 3 });
        assert_eq!(place(&mut order, 65_535), Place::Late { back: 3 });
        assert_eq!(place(&mut order, 1), Place::Late { back: 1 });
        for again in [65_535, 1, 2, 65_534] {
            assert_eq!(place(&mut order, again), Place::Nowhere, "{again}");
        }
        assert_eq!(place(&mut order, 3), Place::End { missing: 0 });
    }

    #[test]
    fn numbers_before_the_first_one_are_not_missing() {
        let mut order = Order::default();
        place(&mut order, 40);
        assert_eq!(place(&mut order, 39), Place::Nowhere);
    }

    #[test]
    fn a_new_count_is_believed_at_its_second_number_or_after_a_pause() {
        let mut order = Order::default();
        place(&mut order, 500);
        assert_eq!(place(&mut order, 1), Place::Nowhere);
        assert_eq!(place(&mut order, 501), Place::End { missing: 0 });
        assert_eq!(place(&mut order, 500), Place::Nowhere);
        assert_eq!(place(&mut order, 502), Place::End { missing: 0 });
        assert_eq!(place(&mut order, 1), Place::Nowhere);
        assert_eq!(place(&mut order, 2), Place::End { missing: 0 });
        assert_eq!(order.on_frame(Sequence(900), true), Place::End { missing: 0 });
        assert_eq!(place(&mut order, 901), Place::End { missing: 0 });
    }

    #[test]
    fn the_window_ends_where_the_limit_says() {
        let window = ORDER_WINDOW;
        let mut order = Order::default();
        place(&mut order, 1_000);
        let missing = window - 2;
        assert_eq!(place(&mut order, 1_000 + window - 1), Place::End { missing });
        assert_eq!(place(&mut order, 1_001), Place::Late { back: missing });
        assert_eq!(place(&mut order, 1_000 + 2 * window), Place::Nowhere);
    }

    fn place(order: &mut Order, number: u16) -> Place {
        order.on_frame(Sequence(number), false)
    }
}
