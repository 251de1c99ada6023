//! Callers in virtual time.

use lxst_audio::{Block, Source};

use super::*;

#[test]
fn a_message_is_what_is_said_behind_the_beep_without_the_silence_around_it() {
    let talk = [at_level(-60.0, noise(5)), at_level(-26.0, speech())].concat();
    let call = Call::of(MessageBounds::default(), talk);
    // 5 s of silence, speech to its last word, and the silence behind it.
    assert_eq!(call.end, MessageEnd::Silence);
    assert!((17.5..18.5).contains(&call.seconds), "{}", call.seconds);
    let seconds = call.message.len() as f32 / 48_000.0;
    assert!((5.3..6.4).contains(&seconds), "{seconds}");
    let level = rms_dbfs(&call.message);
    assert!((-27.5..-25.5).contains(&level), "{level}");
}

#[test]
fn nothing_is_stored_of_a_caller_who_says_nothing() {
    for talk in [vec![0.0; 48_000], at_level(-45.0, noise(20)), at_level(-26.0, click())] {
        let call = Call::of(MessageBounds::default(), talk);
        assert_eq!((call.end, call.message.len()), (MessageEnd::Silence, 0));
    }
}

#[test]
fn the_beep_that_comes_back_from_a_loudspeaker_is_no_message() {
    // 600 ms later: long enough to be a message with what is kept before it.
    let mut returned = vec![0.0; 28_800 + 24_000];
    beep().pull(&mut Block::mono(&mut returned[28_800..]));
    let room = at_level(-50.0, noise(2));
    let heard: Vec<f32> = returned.iter().zip(&room).map(|(it, noise)| it / 4.0 + noise).collect();
    let call = Call::of(MessageBounds::default(), heard.clone());
    assert_eq!((call.end, call.message.len()), (MessageEnd::Silence, 0));
    // What is said behind it is one.
    let call = Call::of(MessageBounds::default(), [heard, at_level(-26.0, speech())].concat());
    assert!(call.message.len() > 5 * 48_000);
}

#[test]
fn a_greeting_is_a_file_of_the_user_or_notes_where_it_cannot_be_read() {
    let loudest = |greeting: Greeting| {
        let (mut sound, fault) = greeting.sound();
        let mut most = 0.0_f32;
        while !sound.has_ended() {
            let mut block = [0.0; 480];
            sound.pull(&mut Block::mono(&mut block));
            most = block.iter().fold(most, |most, sample| most.max(sample.abs()));
            // A file is read on a thread, ahead of what is played.
            std::thread::yield_now();
        }
        (most, fault.map(|fault| fault.to_string()))
    };
    let speech = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/speech.wav");
    let (most, fault) = loudest(Greeting::File(speech.into()));
    assert!(most > 0.6 && fault.is_none(), "{most} {fault:?}");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let (most, fault) = loudest(Greeting::File(config.into()));
    assert!((0.1..0.2).contains(&most), "{most}");
    let wanted = "a file that is not Ogg is not supported: convert it to WAV or to Ogg/Opus in mono or stereo";
    assert_eq!(fault.as_deref(), Some(wanted));
}

#[test]
fn what_is_said_before_the_beep_is_not_kept() {
    let (heard, mut said) = ([0.25; 960], [0.0; 960]);
    let mut machine =
        AnsweringMachine::new(Greeting::Notes.sound().0.then(beep()), MessageBounds::default());
    let mut prompt = Vec::new();
    while !machine.is_listening() {
        machine.handle_block(&heard, &mut said);
        prompt.extend(said);
    }
    machine.handle_hang_up();
    assert_eq!((machine.poll_message(), machine.end()), (None, Some(MessageEnd::HangUp)));
    let at = |frequency_hz, from_ms: usize| {
        let part = &prompt[from_ms * 48..(from_ms + 200) * 48];
        dbfs(lxst_sim::tone::amplitude(part, frequency_hz, 48_000))
    };
    assert!(prompt[..700 * 48].iter().all(|sample| *sample == 0.0));
    assert!(at(784, 700) > -22.0 && at(659, 1_100) > -22.0 && at(523, 1_500) > -22.0);
    assert!((-25.0..-17.0).contains(&at(1_000, 2_700)), "{}", at(1_000, 2_700));
}

#[test]
fn a_caller_who_hangs_up_leaves_what_was_said_up_to_then() {
    let call = Call::until_hang_up(at_level(-26.0, speech()), 3.0);
    assert_eq!(call.end, MessageEnd::HangUp);
    let seconds = call.message.len() as f32 / 48_000.0;
    assert!((2.4..=3.1).contains(&seconds), "{seconds}");
}

#[test]
fn a_caller_who_never_ends_is_cut_at_the_limit() {
    let bounds = MessageBounds { max_length: Duration::from_secs(10), ..MessageBounds::default() };
    let call = Call::of(bounds, at_level(-26.0, speech().repeat(20)));
    assert_eq!(call.end, MessageEnd::Limit);
    assert_eq!(call.seconds, 10.0);
    assert!((9 * 48_000..=10 * 48_000).contains(&call.message.len()));
}

#[test]
fn a_pause_within_a_message_is_kept_whole() {
    let pause = at_level(-60.0, noise(7));
    let talk = [at_level(-26.0, speech()), pause, at_level(-26.0, speech())].concat();
    let call = Call::of(MessageBounds::default(), talk.clone());
    let at = talk.len().abs_diff(call.message.len());
    assert!(at < 48_000, "{at} samples more or less");
    let found = call.message.windows(960).any(|window| window == &talk[13 * 48_000..][..960]);
    assert!(found, "what follows the pause is unchanged");
}

struct Call {
    end: MessageEnd,
    message: Vec<f32>,
    /// Behind the beep.
    seconds: f32,
}

impl Call {
    /// A caller who says this behind the beep, then nothing for ever.
    fn of(bounds: MessageBounds, talk: Vec<f32>) -> Self {
        Self::play(bounds, talk, None)
    }

    fn until_hang_up(talk: Vec<f32>, seconds: f32) -> Self {
        Self::play(MessageBounds::default(), talk, Some(seconds))
    }

    fn play(bounds: MessageBounds, talk: Vec<f32>, hangs_up: Option<f32>) -> Self {
        let mut machine = AnsweringMachine::new(Sequence::new().then(beep()), bounds);
        let mut said = [0.0; 960];
        while !machine.is_listening() {
            machine.handle_block(&[0.0; 960], &mut said);
        }
        let mut talk = talk.into_iter();
        let (mut message, mut blocks) = (Vec::new(), 0_u16);
        let end = loop {
            let mut heard = [0.0; 960];
            heard.iter_mut().zip(&mut talk).for_each(|(to, from)| *to = from);
            let seconds = f32::from(blocks) / 50.0;
            match hangs_up {
                Some(at) if at <= seconds => machine.handle_hang_up(),
                _ => machine.handle_block(&heard, &mut said),
            }
            message.extend(machine.poll_message().into_iter().flatten());
            if let Some(end) = machine.end() {
                break end;
            }
            blocks += 1;
        };
        Self { end, message, seconds: f32::from(blocks + 1) / 50.0 }
    }
}

fn click() -> Vec<f32> {
    [vec![0.0; 48_000], noise(1)[..960].to_vec()].concat()
}
