//! A value that passes from the callback of one device to that of the next.

use std::sync::{Arc, Mutex, PoisonError};

/// Where a value lies that no callback holds.
#[derive(Debug)]
pub(super) struct Slot<T>(Arc<Mutex<Option<T>>>);

/// The hold of a callback on the value of a [`Slot`], which goes back when this is dropped.
#[derive(Debug)]
pub(super) struct Held<T> {
    slot: Slot<T>,
    value: Option<T>,
}

impl<T> Slot<T> {
    pub(super) fn new(value: Option<T>) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    /// Makes a hold that has nothing yet.
    pub(super) fn hold(&self) -> Held<T> {
        Held { slot: self.clone(), value: None }
    }

    /// Puts a value there, in the place of the one that lies there.
    pub(super) fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    /// Changes what lies there; what a callback holds stays as it is.
    pub(super) fn change(&self, change: impl FnOnce(&mut T)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(change);
    }

    /// Takes what lies there, without ever waiting.
    pub(super) fn try_take(&self) -> Option<T> {
        self.0.try_lock().ok()?.take()
    }

    /// Takes what lies there; what a callback holds stays with it.
    pub(super) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Held<T> {
    /// Returns the value, or takes it if it lies in the slot. Never waits, as an audio callback
    /// must not.
    pub(super) fn get(&mut self) -> Option<&mut T> {
        if self.value.is_none() {
            self.value = self.slot.try_take();
        }
        self.value.as_mut()
    }
}

impl<T> Held<T> {
    /// Drops the value that it holds.
    pub(super) fn clear(&mut self) {
        self.value = None;
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.slot.put(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_callback_at_a_time_holds_the_value() {
        let slot = Slot::new(Some(1));
        let (mut old, mut new) = (slot.hold(), slot.hold());
        assert_eq!((old.get(), new.get()), (Some(&mut 1), None));
        assert_eq!(slot.take(), None);
        drop(old);
        assert_eq!(new.get(), Some(&mut 1));
        drop(new);
        assert_eq!(slot.take(), Some(1));
    }
}
