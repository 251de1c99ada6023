//! The full screen: a client of the phone that shows people, the call and its quality.
//!
//! [`screen`] is the state, as a value, with [`people`] and [`playing`]; [`rows`], [`messages`] and
//! [`keys`] are what it does, and `draw` shows it.
//! [`terminal`] and this file connect it with the phone and with the user.

mod draw;
mod focus;
mod keys;
mod log;
mod messages;
mod meters;
mod people;
mod playing;
mod rows;
mod screen;
mod terminal;

#[cfg(test)]
mod tests;

use std::time::Duration;

use ratatui::crossterm::event::{Event as TerminalEvent, KeyEventKind};
use rnphone_rs::control::{Command, Event, Reply};
use rnphone_rs::history::UnixTime;
use rnphone_rs::service::{Client, ClientEvents, CommandError};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

pub(crate) use log::Log;
pub(crate) use terminal::{check, restore_soon};

use crate::failure::Failure;
use crate::person::AtEnd;
use keys::Action;
use screen::Screen;
use terminal::FullScreen;

/// Shows the phone until the user leaves, or the phone ends.
pub(crate) async fn show(
    client: Client,
    mut events: ClientEvents,
    mut stops: mpsc::Receiver<()>,
    at_end: AtEnd,
) -> Result<u8, Failure> {
    let mut log = log::take();
    let mut terminal = FullScreen::open()?;
    let mut screen = Screen::new(at_end == AtEnd::Stop);
    let mut asker = Asker::start(client);
    let begin = Instant::now();
    let mut ticks = tokio::time::interval(STATUS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.next() => match event {
                None | Some(Event::Stopped {}) => break,
                Some(event) => {
                    screen.handle_event(&event);
                    asker.question(&mut screen);
                }
            },
            (command, reply) = asker.reply() => screen.handle_reply(&command, reply),
            event = terminal.event() => match on_terminal(&mut screen, event) {
                None => {}
                Some(Action::Leave) => break,
                Some(Action::Do(command)) => asker.ask(command),
            },
            Some(line) = log.recv() => screen.tell(line),
            _ = ticks.tick() => asker.question(&mut screen),
            _ = stops.recv() => break,
        }
        screen.handle_time(begin.elapsed(), UnixTime::now());
        terminal.show(&screen);
    }
    terminal.close().await;
    Ok(0)
}

fn on_terminal(screen: &mut Screen, event: Option<TerminalEvent>) -> Option<Action> {
    match event {
        None => return Some(Action::Leave),
        Some(TerminalEvent::Key(key)) if key.kind != KeyEventKind::Release => {
            return screen.handle_key(key);
        }
        Some(TerminalEvent::Paste(text)) => screen.handle_paste(&text),
        // The next state is drawn in the new size.
        Some(_) => {}
    }
    None
}

/// Asks the phone, one command after the other, while the screen goes on.
#[derive(Debug)]
struct Asker {
    commands: mpsc::UnboundedSender<Command>,
    replies: mpsc::Receiver<(Command, Result<Reply, String>)>,
    /// Questions that are not replied.
    questions: usize,
}

impl Asker {
    fn start(client: Client) -> Self {
        // As many as the user types, and a question of each kind.
        let (commands, mut asked) = mpsc::unbounded_channel::<Command>();
        let (replied, replies) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(command) = asked.recv().await {
                let reply = client.ask(command.clone()).await;
                let reply = reply.map_err(|error: CommandError| error.to_string());
                if replied.send((command, reply)).await.is_err() {
                    return;
                }
            }
        });
        Self { commands, replies, questions: 0 }
    }

    fn ask(&self, command: Command) {
        // It ends with the screen.
        let _ = self.commands.send(command);
    }

    /// Asks for what the screen shows, unless that is asked already.
    fn question(&mut self, screen: &mut Screen) {
        if self.questions == 0 {
            for question in screen.questions() {
                self.questions += 1;
                self.ask(question);
            }
        }
    }

    async fn reply(&mut self) -> (Command, Result<Reply, String>) {
        // The task that replies lives as long as the commands can come.
        let Some(reply) = self.replies.recv().await else { return std::future::pending().await };
        let is_question = matches!(
            reply.0,
            Command::Status {}
                | Command::Contacts {}
                | Command::Announced {}
                | Command::History { .. }
                | Command::Messages {}
                | Command::MissedSeen {}
        );
        self.questions -= usize::from(is_question);
        reply
    }
}

const STATUS_EVERY: Duration = Duration::from_millis(200);
