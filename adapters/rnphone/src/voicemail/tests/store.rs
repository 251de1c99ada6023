//! The folder of messages.

use std::io;

use super::*;
use crate::contacts::PeerName;
use crate::history::UnixTime;

#[test]
fn a_message_survives_a_restart_and_says_whose_it_is() {
    let folder = folder("restart");
    let store = Store::open(&folder).unwrap();
    assert!(store.list().unwrap().messages.is_empty());
    let left = leave(&store, id(1, 1_000), &Contacts::default(), 2).unwrap();
    let named = Contacts::from_iter([contact(2)]);
    leave(&store, id(2, 2_000), &named, 3).unwrap();

    let again = Store::open(&folder).unwrap().list().unwrap();
    let [newer, older] = &again.messages[..] else { panic!("{again:?}") };
    assert_eq!((older, again.damaged.len()), (&left, 0));
    assert_eq!(newer.name, PeerName::Contact("Mary = 2".to_owned()));
    assert_eq!(older.name, PeerName::Unknown(peer(1)));
    assert_eq!([older.length, newer.length], [2, 3].map(Duration::from_secs));
    assert_eq!(fs::metadata(&older.path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let SoundFile::Opus(file) = SoundFile::open(&newer.path).unwrap() else { panic!("no Opus") };
    let tag = |name| file.tags().get(name);
    assert_eq!(tag("LXST_PEER"), Some(&*peer(2).to_string()));
    assert_eq!(tag("LXST_CONTACT"), Some("Mary = 2"));
    assert_eq!(tag("DATE"), Some("1970-01-01T00:33:20Z"));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_was_heard_or_deleted_stays_so() {
    let folder = folder("heard");
    let store = Store::open(&folder).unwrap();
    for time in [1, 2] {
        leave(&store, id(1, time), &Contacts::default(), 1).unwrap();
    }
    store.mark_heard(id(1, 1)).unwrap();
    store.mark_heard(id(1, 1)).unwrap();
    let are_new = |store: &Store| {
        let messages = store.list().unwrap().messages;
        messages.iter().map(|message| message.is_new).collect::<Vec<_>>()
    };
    assert_eq!(are_new(&Store::open(&folder).unwrap()), [true, false]);
    for time in [1, 2] {
        store.delete(id(1, time)).unwrap();
    }
    assert!(are_new(&store).is_empty());
    let unknown = [store.delete(id(1, 1)), store.mark_heard(id(1, 1))];
    for result in unknown {
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with("there is no message 1-0101"), "{error}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn damaged_files_are_told_and_others_are_left_alone() {
    let folder = folder("damaged");
    let store = Store::open(&folder).unwrap();
    leave(&store, id(1, 1), &Contacts::default(), 1).unwrap();
    let damaged = folder.join(format!("{}.opus", id(1, 2)));
    fs::write(&damaged, "no sound").unwrap();
    fs::create_dir(folder.join(format!("{}.new.opus", id(1, 3)))).unwrap();
    for other in ["greeting.wav", "1-2.opus", ".opus", "01-01010101010101010101010101010101.opus"] {
        fs::write(folder.join(other), "").unwrap();
    }
    let listing = store.list().unwrap();
    assert_eq!((listing.messages.len(), listing.damaged.len()), (1, 1));
    assert_eq!(listing.damaged[0].0, damaged);
    store.delete(id(1, 2)).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 6);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_message_whose_recorder_was_killed_is_a_new_message() {
    let folder = folder("killed");
    let store = Store::open(&folder).unwrap();
    let message = leave(&store, id(1, 1), &Contacts::default(), 3).unwrap();
    let sound = fs::read(&message.path).unwrap();
    fs::remove_file(message.path).unwrap();
    let [whole, empty, fresh] = [2, 3, 4].map(|time| folder.join(format!("{}.part", id(1, time))));
    fs::write(&whole, &sound[..sound.len() * 2 / 3]).unwrap();
    fs::write(&empty, &sound[..100]).unwrap();
    fs::write(&fresh, &sound).unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(61);
    for path in [whole, empty] {
        fs::File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
    }
    let listing = Store::open(&folder).unwrap().list().unwrap();
    let [message] = &listing.messages[..] else { panic!("{listing:?}") };
    assert_eq!((message.id, message.is_new), (id(1, 2), true));
    assert!((1..3).contains(&message.length.as_secs()), "{:?}", message.length);
    assert!(fresh.exists());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_caller_has_a_share_and_new_messages_stay() {
    let folder = folder("share");
    let store = Store::open(&folder).unwrap();
    fill(&folder, (0..Store::MAX_OF_CALLER as u64).map(|time| id(1, time)), 1);
    assert!(matches!(leave_any(&store, 1), Err(StoreError::Full(FullOf::Caller))));
    // Another has room.
    leave(&store, id(2, 1), &Contacts::default(), 1).unwrap();
    for time in [1, 7] {
        store.mark_heard(id(1, time)).unwrap();
    }
    store.mark_heard(id(2, 1)).unwrap();
    leave_any(&store, 1).unwrap();
    let left = |time| folder.join(format!("{}.opus", id(1, time))).exists();
    assert_eq!((left(1), left(7)), (false, true), "the oldest that was heard has left");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn strangers_leave_room_for_contacts() {
    let folder = folder("strangers");
    let store = Store::open(&folder).unwrap();
    let strangers = (0..Store::MAX_OF_STRANGERS as u64).map(|time| id(time as u8, time));
    fill(&folder, strangers, 1);
    let (nobody, contacts) =
        (Contacts::default(), [contact(200), contact(0)].into_iter().collect());
    let check = |peer, contacts| store.check_room(peer, contacts, &MessageBounds::default());
    let refused = check(peer(201), &nobody).unwrap_err();
    assert!(matches!(refused, StoreError::Full(FullOf::Strangers)), "{refused}");
    let told =
        "there are 100 messages of strangers, and none of them was heard: hear or delete some";
    assert_eq!(refused.to_string(), told);
    check(peer(200), &contacts).unwrap();
    // One of the hundred is a contact by now.
    check(peer(201), &contacts).unwrap();
    fill(&folder, (0..100).map(|time| id(time as u8, 1_000 + time)), 1);
    let refused = check(peer(200), &contacts).unwrap_err();
    assert!(matches!(refused, StoreError::Full(FullOf::Messages)), "{refused}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_disk_is_bounded_and_room_is_made_only_for_what_is_said() {
    let folder = folder("bytes");
    let store = Store::open(&folder).unwrap();
    fill(&folder, (0..5).map(|time| id(1, time)), Store::MAX_BYTES / 5);
    assert!(matches!(leave_any(&store, 2), Err(StoreError::Full(FullOf::Bytes))));
    store.mark_heard(id(1, 3)).unwrap();
    store.check_room(peer(2), &Contacts::default(), &MessageBounds::default()).unwrap();
    let heard = folder.join(format!("{}.opus", id(1, 3)));
    assert!(heard.exists());
    leave_any(&store, 2).unwrap();
    assert!(!heard.exists());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_recording_that_is_left_is_stored_as_far_as_it_goes() {
    let folder = folder("left");
    let store = Store::open(&folder).unwrap();
    let (contacts, bounds) = (Contacts::default(), MessageBounds::default());
    let name = PeerName::Unknown(peer(1));
    let recording = store.record(id(1, 1), &name, &contacts, &bounds).unwrap();
    assert!(recording.write(noise(2)));
    assert_eq!(store.list().unwrap().messages.len(), 0);
    // In the same second: of another call.
    let other = store.record(id(1, 1), &name, &contacts, &bounds).unwrap();
    drop(recording);
    let stored = futures_lite::future::block_on(other.finish()).unwrap();
    assert_eq!(stored, None, "nothing was said in it");
    let message = loop {
        if let Some(message) = store.list().unwrap().messages.pop() {
            break message;
        }
        std::thread::yield_now();
    };
    assert_eq!((message.id, message.length), (id(1, 1), Duration::from_secs(2)));
    fs::remove_dir_all(folder).unwrap();
}

fn leave_any(store: &Store, of: u8) -> Result<Message, StoreError> {
    leave(store, id(of, 5_000), &Contacts::default(), 1)
}

/// Leaves a message of so many seconds.
fn leave(
    store: &Store,
    id: MessageId,
    contacts: &Contacts,
    seconds: usize,
) -> Result<Message, StoreError> {
    let name = contacts.name(id.peer, None);
    let recording = store.record(id, &name, contacts, &MessageBounds::default())?;
    assert!(recording.write(at_level(-20.0, noise(seconds))));
    let stored = futures_lite::future::block_on(recording.finish())?;
    stored.ok_or_else(|| io::Error::other("no message").into())
}

/// Makes files that count as new messages.
fn fill(folder: &Path, ids: impl Iterator<Item = MessageId>, bytes: u64) {
    fs::create_dir_all(folder).unwrap();
    for id in ids {
        let file = fs::File::create(folder.join(format!("{id}.new.opus"))).unwrap();
        file.set_len(bytes).unwrap();
    }
}

fn id(of: u8, time: u64) -> MessageId {
    MessageId { time: UnixTime(time), peer: peer(of) }
}

fn peer(number: u8) -> IdentityHash {
    IdentityHash([number; 16])
}

fn contact(number: u8) -> Contact {
    Contact { name: format!("Mary = {number}"), hash: peer(number), number: None }
}

fn folder(test: &str) -> PathBuf {
    let name = format!("rnphone-rs-voicemail-{test}-{}", std::process::id());
    std::env::temp_dir().join(name)
}
