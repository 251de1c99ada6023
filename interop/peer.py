#!/usr/bin/env python3
"""A scriptable telephone: Python LXST as it is on PyPI, with files in place of its sound devices."""

import argparse
import faulthandler
import json
import os
import queue
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True

import peer_network

USAGE = """
commands, one JSON object a line on standard input:
  {"cmd": "call", "identity": HASH, "profile": 64, "mode": 1}   profile and mode may be left out;
                                            searches the path, up to --wait-time
  {"cmd": "answer"}                         the call that rings
  {"cmd": "hangup"}                         any call; an incoming one that rings is rejected
  {"cmd": "busy", "on": true}               as if the line were in use
  {"cmd": "announce", "name": NAME}         a name may be left out, as LXST does
  {"cmd": "profile", "id": 80}              switches the established call
  {"cmd": "mode", "id": 2}                  1 full duplex, 2 half duplex
  {"cmd": "talk", "on": true}               push to talk: lifts or sets the transmit squelch
  {"cmd": "mute", "direction": "transmit", "on": true}          or "receive"
  {"cmd": "audio", "file": PATH}            plays this WAV into the microphone from now
  {"cmd": "flush_audio"}                    writes --audio-out up to now, then event "audio"
  {"cmd": "await_path", "identity": HASH, "timeout": 10}        event "path"
  {"cmd": "join", "name": NAME, "key": HEX} a PLAIN destination, or with a key a GROUP destination of its
                                            identity; event "joined", then "broadcast" for each packet
  {"cmd": "broadcast", "name": NAME, "data": HEX}
  {"cmd": "hear", "name": NAME}             event "app_announce" for each announce of an app
  {"cmd": "open_app", "name": NAME, "identity": HASH}           a link; event "app_link", then "app_data"
  {"cmd": "serve_app", "name": NAME}        event "app_served"; for a link of another "app_link", then
                                            "app_identified" and "app_data"
  {"cmd": "send_app", "name": NAME, "data": HEX}                on the latest link of that app
  {"cmd": "stream", "name": NAME}           speaks and listens on the latest link of that app, without a
                                            call: LXST's Packetizer and LinkSource; event "streaming"
  {"cmd": "stats"}                          event "stats"
  {"cmd": "quit"}                           also at the end of standard input, and on SIGTERM

on SIGUSR1 it writes to standard error where each of its threads is.

events, one JSON object a line on standard output; "t" is seconds of the monotonic clock,
the same for all processes of one Linux machine:
  ready {identity, destination, port, online}     online: the interface asked for is up
  offline, online        an interface asked for went down; all are up again
  announce {identity, name}                       path {identity, known, hops}           ringing {identity}
  established {identity, profile, mode}           ended, busy, rejected {identity}
  audio {file, seconds}  error {message}
  stats {media_tx, media_rx, proof_tx, proof_rx, .., status, profile, mode}   counts since the start
  joined {name, destination}   broadcast {name, data}           app_announce {name, identity, data}
  app_link {name}        app_data {name, data}                  app_served {name, destination}
  app_identified {name, identity}                 streaming {name}
  late {seconds}         a watchdog overslept by so much: this process was not run when it was due
  packet {dir: tx|rx, kind, link, len, hex, signals, frames, codec}
      kind: linkrequest lrproof lrrtt identify signal media linkclose keepalive data, or proof for
      any other proof. hex is the plain text of link data, len its bytes; signals, the number of
      frames and the first frame's codec byte are read from it.
  --audio-out is complete when ended, busy or rejected is reported.

known traits of this Python LXST: it drops the first 75 ms of its microphone and fades in the next
225 ms, rounded up to frames; it announces itself 5 s after its start; of two announces within a
second only the first arrives; it may report "ended" for a rejected call when the link closes first;
as caller it loses a first signal that comes before its handler is set, and ends after 5 s; a caller
that is answered within milliseconds may hear nothing at a profile with Codec2: its receive mixer fails
on a frame of its dial tone, which is longer; one that switches itself from frames of 320 ms to 20 ms
may hear gaps of 120 ms in every 200 ms.
"""

INTERFACE_TIMEOUT_S = 3.0
RAW_FRAME_MS = {16: 10, 32: 5}  # 960 bytes of 48 kHz mono
POLL_S = 0.02
WATCHDOG_S = 0.005
SHUTDOWN_TIMEOUT_S = 2.0


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    peer_network.add_arguments(parser)
    files = parser.add_argument_group("files")
    files.add_argument("--storage", required=True, metavar="DIR", help="Reticulum's files, identity, log; made when missing")
    files.add_argument("--log-level", type=int, default=4, metavar="N", help="of DIR/log, 0 to 7; 6 and 7 cost time (default 4)")
    call = parser.add_argument_group("calls")
    call.add_argument("--auto-answer", type=float, metavar="S", help="answer S seconds, more than 0, after the ringing starts")
    call.add_argument("--block", metavar="HASH", help="whose calls hear that the line is busy")
    call.add_argument("--allow", default="all", metavar="all|none|HASH", help="whose calls ring (default all)")
    call.add_argument("--ring-time", type=float, default=60, metavar="S", help="an incoming call rings this long (default 60)")
    call.add_argument("--busy-tone", type=float, default=0, metavar="S", help="the busy tone sounds this long, before an end is told (default 0; the telephone's own 4.25)")
    call.add_argument("--wait-time", type=float, default=70, metavar="S", help="an outgoing call waits this long (default 70)")
    sound = parser.add_argument_group("sound")
    sound.add_argument("--audio-in", metavar="FILE.wav", help="16-bit WAV heard by the microphone from when it opens; else silence")
    sound.add_argument("--audio-delay", type=float, default=0.0, metavar="S", help="silence before --audio-in (default 0)")
    sound.add_argument("--audio-loop", action="store_true", help="repeat --audio-in; else silence follows it")
    sound.add_argument(
        "--audio-out",
        metavar="FILE.wav",
        help="what the speaker plays in the latest call: 48 kHz mono, in real time from established, gaps as silence",
    )
    sound.add_argument(
        "--raw",
        type=int,
        choices=(16, 32),
        help="send raw audio of these bits a sample, at any profile, in frames that fit a packet of 1500 bytes",
    )
    sound.add_argument("--devices", nargs=2, metavar=("MICROPHONE", "SPEAKER"), help="real sound devices by name, in place of files")
    sound.add_argument("--filters", action="store_true", help="keep the microphone's band-pass, AGC and echo filters (default off)")
    log = parser.add_argument_group("packet log")
    log.add_argument(
        "--log-media",
        type=media_limit,
        default=None,
        metavar="none|first:N|all",
        help="media packets logged a link and direction (default all); stats count all of them",
    )
    options = parser.parse_args()
    peer_network.check(parser, options)
    return options


def media_limit(text):
    if text == "all":
        return None
    if text == "none":
        return 0
    if text.startswith("first:") and text[6:].isdigit():
        return int(text[6:])
    raise argparse.ArgumentTypeError(f"{text}: expected none, first:N or all")


class Events:
    """Writes events to what was standard output; everything else that is printed goes to the log."""

    def __init__(self, log_path):
        self.out = os.fdopen(os.dup(1), "w")
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        sys.stdout = os.fdopen(log, "w", buffering=1)
        self.queue = queue.SimpleQueue()
        self.writer = threading.Thread(target=self._write, daemon=True)
        self.writer.start()

    def emit(self, name, /, **fields):
        self.put(time.monotonic(), {"event": name} | fields)

    def put(self, t, event):
        self.queue.put({"t": round(t, 6)} | event)

    def close(self):
        self.queue.put(None)
        self.writer.join(SHUTDOWN_TIMEOUT_S)

    def _write(self):
        try:
            while (event := self.queue.get()) is not None:
                self.out.write(json.dumps(event, default=repr) + "\n")
                self.out.flush()
        except BrokenPipeError:
            os._exit(1)


class Peer:
    """One `Telephone` with its network, its sound and its reports."""

    def __init__(self, options, events):
        import RNS
        from LXST.Primitives.Telephony import Profiles, Telephone

        from peer_apps import Apps
        from peer_packets import Tap
        from peer_sound import Recording, Room, install

        self.rns, self.options, self.events = RNS, options, events
        self.room = Room(options.audio_in, options.audio_loop, options.audio_delay)
        self.recording = Recording(options.audio_out)
        if not options.devices:
            install(self.room, self.recording)
        if options.raw:
            send_raw(Profiles, options.raw)
        self.tap = Tap(events.put, options.log_media)
        self.tap.install()

        peer_network.write_config(options)
        self.reticulum = RNS.Reticulum(configdir=options.storage, require_shared_instance=options.instance is not None)
        identity = load_identity(RNS, os.path.join(options.storage, "identity"))
        self.telephone = phone = Telephone(
            identity, ring_time=options.ring_time, wait_time=options.wait_time, auto_answer=options.auto_answer
        )
        phone.set_allowed(allowed(Telephone, options.allow))
        phone.set_blocked([bytes.fromhex(options.block)] if options.block else None)
        phone.set_busy_tone_time(options.busy_tone)
        if options.devices:
            microphone, speaker = options.devices
            phone.set_microphone(microphone)
            phone.set_speaker(speaker)
            phone.set_ringer(speaker)
        if not options.filters:
            phone.disable_agc()
            phone.disable_bandpass()
            phone.disable_echo_cancellation()
        phone.set_ringing_callback(lambda caller: events.emit("ringing", identity=caller.hash.hex()))
        phone.set_established_callback(self.on_established)
        phone.set_ended_callback(lambda remote: self.on_over("ended", remote))
        phone.set_busy_callback(lambda remote: self.on_over("busy", remote))
        phone.set_rejected_callback(lambda remote: self.on_over("rejected", remote))
        RNS.Transport.register_announce_handler(AnnounceHandler(events))
        self.apps = Apps(RNS, identity, events.emit)

    def start(self):
        """Waits until the interfaces are up, then reports ready."""
        asked = peer_network.interface_names(self.options)
        deadline = time.monotonic() + INTERFACE_TIMEOUT_S
        while not (online := self.online(asked)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        self.events.emit(
            "ready",
            identity=self.telephone.identity.hash.hex(),
            destination=self.telephone.destination.hash.hex(),
            port=self.options.listen,
            online=online,
        )
        threading.Thread(target=self.watch, args=(asked, online), daemon=True).start()
        threading.Thread(target=self.watch_machine, daemon=True).start()

    def watch(self, names, was_online):
        """Reports when an interface goes down, and when all are up again."""
        while True:
            time.sleep(POLL_S)
            if (online := self.online(names)) != was_online:
                was_online = online
                self.events.emit("online" if online else "offline")

    def watch_machine(self):
        """Reports when this process was not run for a while."""
        while True:
            due = time.monotonic() + WATCHDOG_S
            time.sleep(WATCHDOG_S)
            if (late := time.monotonic() - due) >= WATCHDOG_S:
                self.events.emit("late", seconds=round(late, 6))

    def online(self, names):
        return names <= {interface.name for interface in self.rns.Transport.interfaces if interface.online}

    def on_established(self, remote):
        self.recording.start()
        phone = self.telephone
        self.events.emit("established", identity=remote.hash.hex(), profile=phone.active_profile, mode=phone.active_mode)

    def on_over(self, event, remote):
        self.recording.finish()
        self.room.call_ended()
        self.events.emit(event, identity=remote.hash.hex() if remote else None)

    def command(self, line):
        try:
            command = json.loads(line)
            handler = getattr(self, f"cmd_{command.pop('cmd')}")
            handler(**command)
        except Exception as error:
            self.fail(f"command {line.strip()}: {error!r}")

    def cmd_call(self, identity, profile=None, mode=None):
        def job():
            remote = self.search_path(bytes.fromhex(identity), self.options.wait_time)
            if remote:
                self.telephone.call(remote, profile, mode)
            else:
                self.fail(f"no path to {identity}")

        threading.Thread(target=job, daemon=True).start()

    def cmd_answer(self):
        call = self.telephone.active_call
        if not call or not self.telephone.answer(call.get_remote_identity()):
            self.fail("no call to answer")

    def cmd_hangup(self):
        self.telephone.hangup()

    def cmd_busy(self, on):
        self.telephone.set_busy(on)

    def cmd_announce(self, name=None):
        if name is None:
            self.telephone.announce()
        else:
            from RNS.vendor import umsgpack

            named = umsgpack.packb([name.encode(), None, None])
            self.telephone.destination.announce(app_data=named)

    def cmd_profile(self, id):
        self.telephone.switch_profile(id)

    def cmd_mode(self, id):
        self.telephone.switch_mode(id)

    def cmd_talk(self, on):
        self.telephone.unsquelch_transmit(on)

    def cmd_mute(self, direction, on):
        {"transmit": self.telephone.mute_transmit, "receive": self.telephone.mute_receive}[direction](on)

    def cmd_audio(self, file):
        self.room.play(file)

    def cmd_flush_audio(self):
        self.events.emit("audio", file=self.options.audio_out, seconds=round(self.recording.save(), 3))

    def cmd_await_path(self, identity, timeout=10.0):
        def job():
            remote = self.search_path(bytes.fromhex(identity), timeout)
            hops = self.rns.Transport.hops_to(self.telephony_of(remote.hash)) if remote else None
            self.events.emit("path", identity=identity, known=remote is not None, hops=hops)

        threading.Thread(target=job, daemon=True).start()

    def cmd_join(self, name, key=None):
        self.apps.join(name, key)

    def cmd_broadcast(self, name, data):
        self.apps.broadcast(name, data)

    def cmd_hear(self, name):
        self.apps.hear(name)

    def cmd_open_app(self, name, identity):
        self.apps.open(name, identity)

    def cmd_serve_app(self, name):
        self.apps.serve(name)

    def cmd_send_app(self, name, data):
        self.apps.send(name, data)

    def cmd_stream(self, name):
        self.apps.stream(name, self.recording)

    def cmd_stats(self):
        phone = self.telephone
        line = {"status": phone.call_status, "profile": phone.active_profile, "mode": phone.active_mode}
        self.events.emit("stats", **self.tap.stats(), **line)

    def cmd_quit(self):
        raise SystemExit

    def search_path(self, identity_hash, timeout):
        """Returns the identity behind a hash once its telephone can be reached, or None after the timeout."""
        rns = self.rns
        destination = self.telephony_of(identity_hash)
        deadline = time.monotonic() + timeout
        if not rns.Transport.has_path(destination):
            rns.Transport.request_path(destination)
        while time.monotonic() < deadline:
            if rns.Transport.has_path(destination) and (identity := rns.Identity.recall(destination)):
                return identity
            time.sleep(POLL_S)
        return None

    def telephony_of(self, identity_hash):
        return self.rns.Destination.hash_from_name_and_identity("lxst.telephony", identity_hash)

    def stop(self):
        self.telephone.hangup()
        self.recording.finish()
        self.rns.Transport.detach_interfaces()

    def fail(self, message):
        self.events.emit("error", message=message)


class AnnounceHandler:
    aspect_filter = "lxst.telephony"

    def __init__(self, events):
        self.events = events

    def received_announce(self, destination_hash, announced_identity, app_data):
        from RNS.vendor import umsgpack

        name = umsgpack.unpackb(app_data)[0].decode() if app_data else None
        self.events.emit("announce", identity=announced_identity.hash.hex(), name=name)


def send_raw(profiles, bits):
    from LXST.Codecs import Raw

    profiles.get_codec = staticmethod(lambda profile: Raw(bitdepth=bits))
    profiles.get_frame_time = staticmethod(lambda profile: RAW_FRAME_MS[bits])


def load_identity(rns, path):
    if os.path.exists(path):
        return rns.Identity.from_file(path)
    identity = rns.Identity()
    identity.to_file(path)
    return identity


def allowed(telephone_class, text):
    if text == "all":
        return telephone_class.ALLOW_ALL
    if text == "none":
        return telephone_class.ALLOW_NONE
    return [bytes.fromhex(text)]


def terminate(*_):
    raise SystemExit


def main():
    options = arguments()
    os.makedirs(options.storage, exist_ok=True)
    events = Events(os.path.join(options.storage, "log"))
    peer = Peer(options, events)
    faulthandler.register(signal.SIGUSR1)
    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGINT, terminate)
    try:
        peer.start()
        for line in sys.stdin:
            if line.strip():
                peer.command(line)
    except SystemExit:
        pass
    stopping = threading.Thread(target=peer.stop, daemon=True)
    stopping.start()
    stopping.join(SHUTDOWN_TIMEOUT_S)
    events.close()
    os._exit(0)  # RNS and LXST leave threads behind that would keep the process


if __name__ == "__main__":
    main()
