//! The rows that the screen shows, and the chosen one.

use super::focus::Focus;
use super::people::{Row, Tab};
use super::screen::Screen;

impl Screen {
    /// The rows that are shown.
    pub(super) fn rows(&self) -> Vec<Row> {
        match &self.focus {
            Focus::Find(text) => self.people.found(text, self.today),
            _ if self.tab == Tab::Messages => self.message_rows(),
            _ => self.people.rows(self.tab, self.today),
        }
    }

    /// The place of the chosen row.
    pub(super) fn chosen_index(&self, rows: &[Row]) -> usize {
        let is_it = |row: &Row| Some(row.key) == self.chosen;
        rows.iter().position(is_it).unwrap_or_default()
    }

    pub(super) fn chosen_row(&self) -> Option<Row> {
        let rows = self.rows();
        let index = self.chosen_index(&rows);
        rows.into_iter().nth(index)
    }

    /// Chooses the row that is shown as chosen, so that it stays so.
    pub(super) fn choose_something(&mut self) {
        self.chosen = self.chosen_row().map(|row| row.key);
    }

    pub(super) fn choose_by(&mut self, steps: isize) {
        let rows = self.rows();
        let last = rows.len().saturating_sub(1);
        let mut index = self.chosen_index(&rows).saturating_add_signed(steps).min(last);
        // Two rows may show the same: one contact under two names, two calls in a second.
        while index < last && steps > 0 && rows.get(index).map(|row| row.key) == self.chosen {
            index += 1;
        }
        self.chosen = rows.get(index).map(|row| row.key);
    }
}
