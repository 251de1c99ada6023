//! A call of ours with Python, and one of Python's with us.

use lxst_interop::{Command, PythonPeer};
use lxst_phone::{EndReason, Profile};

use super::phone::{PATIENCE, RustPhone};
use super::sound::{SOME_OF_IT, check_heard, speech, talk};

/// Calls, and checks the speech on both sides.
pub(crate) fn speak_both_ways(python: &mut PythonPeer, rust: &mut RustPhone) {
    let heard = rust.listen();
    let call = rust.dial(python.identity(), Profile::MediumQuality);
    assert_eq!(rust.expect_established(), Profile::MediumQuality);
    rust.speak(&speech());
    assert_eq!(python.expect("established", PATIENCE).identity(), Some(rust.identity()));
    talk(python, Profile::MediumQuality, SOME_OF_IT);
    rust.hang_up(call.id());
    assert_eq!(rust.expect_end(), EndReason::LocalHangup);
    python.expect("ended", PATIENCE);
    check_heard(python, &heard);
}

/// Answers a call of Python's, which hangs up.
pub(crate) fn python_calls(python: &mut PythonPeer, rust: &mut RustPhone) {
    python.send(&Command::call(rust.identity()));
    let incoming = rust.expect_incoming(python);
    rust.answer(incoming);
    rust.expect_established();
    assert_eq!(python.expect("established", PATIENCE).identity(), Some(rust.identity()));
    python.send(&Command::HangUp);
    assert_eq!(rust.expect_end(), EndReason::RemoteHangup);
    python.expect("ended", PATIENCE);
}
